# docker buildx build --platform linux/amd64,linux/arm64 --push -t REGISTRY/patch-operator:0.1.0 .
#
# NativeAOT links for the machine it runs on, so each platform builds in an image of its own (emulated where it must be).
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends clang zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# CI=true: a restore that would change a lock file fails.
ENV CI=true
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY operator/PatchOperator/PatchOperator.csproj operator/PatchOperator/packages.lock.json operator/PatchOperator/
COPY operator/PatchOperator.Domain/PatchOperator.Domain.csproj operator/PatchOperator.Domain/packages.lock.json operator/PatchOperator.Domain/
COPY operator/PatchOperator.Signing/PatchOperator.Signing.csproj operator/PatchOperator.Signing/packages.lock.json operator/PatchOperator.Signing/
RUN dotnet restore operator/PatchOperator
COPY operator/PatchOperator operator/PatchOperator
COPY operator/PatchOperator.Domain operator/PatchOperator.Domain
COPY operator/PatchOperator.Signing operator/PatchOperator.Signing
ARG TARGETARCH
RUN case "$TARGETARCH" in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) echo "no build for '$TARGETARCH'" >&2; exit 1 ;; esac \
 && dotnet publish operator/PatchOperator --no-restore --configuration Release --runtime $rid --output /out \
 && mkdir /app && install -m 0755 /out/patch-operator /app/

# No shell, no package manager: libc, OpenSSL and certificates are all there is.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /app /app
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/app/patch-operator"]
