{{- define "patch-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "patch-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "patch-operator.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "patch-operator.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "patch-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "patch-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "patch-operator.labels" -}}
{{ include "patch-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "patch-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "patch-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "patch-operator.leaseNamespace" -}}
{{- default .Release.Namespace .Values.leaderElection.namespace }}
{{- end }}

{{- define "patch-operator.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{- /* ClusterRoles have no namespace: two releases of one name must not share them. */ -}}
{{- define "patch-operator.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "patch-operator.fullname" .) }}
{{- end }}

{{- define "patch-operator.rules" -}}
{{- index (.root.Files.Get "files/rbac.yaml" | replace "WEBHOOKS" (include "patch-operator.webhooksName" .root) | fromYaml) .of | toYaml }}
{{- end }}

{{- /* Webhook configurations have no namespace either, and their names no colon. */ -}}
{{- define "patch-operator.webhooksName" -}}
{{- printf "%s.%s" (include "patch-operator.fullname" .) .Release.Namespace }}
{{- end }}

{{- /* Whom the API server takes the operator for. */ -}}
{{- define "patch-operator.userName" -}}
{{- printf "system:serviceaccount:%s:%s" .Release.Namespace (include "patch-operator.serviceAccountName" .) }}
{{- end }}

{{- define "patch-operator.admissionHosts" -}}
{{- $host := printf "%s-admission.%s" (include "patch-operator.fullname" .) .Release.Namespace -}}
{{- printf "%s.svc,%s,%s.svc.cluster.local" $host $host $host }}
{{- end }}
