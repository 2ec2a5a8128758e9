using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One call from the wire to the answer: log, faults, execution, faults, answer.</summary>
internal sealed class RequestPipeline(
    ResourceEndpoint resources,
    Discovery discovery,
    FaultInjector faults,
    RequestLog log,
    WatchHub watches,
    ApiServerOptions options)
{
    private long _number;

    public async Task HandleAsync(HttpContext http)
    {
        var target = RequestTarget.Parse(http.Request.Path);
        var request = Describe(http.Request, target);
        log.Add(request);

        var before = faults.AskBefore(request);
        if (before is FaultAction.CloseConnectionBefore)
        {
            http.Abort();
            return;
        }

        if (before is FaultAction.Hang)
        {
            await UntilClientLeavesAsync(http);
            return;
        }

        try
        {
            if (before is FaultAction.Delay delay)
            {
                await Task.Delay(delay.By, options.TimeProvider, http.RequestAborted);
            }

            var response = before is FaultAction.Fail refuse ? Failure(refuse) : await ExecuteAsync(target, request, http.Request);
            await AnswerAsync(http, response, before is FaultAction.CloseConnectionAfter ? before : faults.AskAfter(request));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left; nobody waits for an answer.
        }
    }

    private async Task<ApiResponse> ExecuteAsync(RequestTarget? target, ApiRequest request, HttpRequest http)
    {
        try
        {
            return target is null
                ? discovery.Answer(http.Path.Value ?? "", http.Headers.Accept.ToString())
                : await resources.HandleAsync(target, request.Verb, http);
        }
        catch (ApiException e)
        {
            return ApiResponse.Error(e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return ApiResponse.Error(new ApiException(500, "InternalError", $"Internal error occurred: {e}"));
        }
    }

    private async Task AnswerAsync(HttpContext http, ApiResponse response, FaultAction? after)
    {
        var answered = false;
        try
        {
            switch (after)
            {
                case FaultAction.CloseConnectionBefore or FaultAction.CloseConnectionAfter:
                    http.Abort();
                    return;
                case FaultAction.Hang:
                    await UntilClientLeavesAsync(http);
                    return;
                case FaultAction.Delay delay:
                    await Task.Delay(delay.By, options.TimeProvider, http.RequestAborted);
                    break;
                case FaultAction.Fail fail:
                    await WriteAsync(http.Response, Failure(fail));
                    return;
            }

            answered = true;
            await (response.Watch is { } watch ? watch.RunAsync(http) : WriteAsync(http.Response, response));
        }
        finally
        {
            // A watch that was opened but never streamed must not collect messages for ever.
            if (!answered && response.Watch is { } orphan)
            {
                watches.Remove(orphan.Session);
            }
        }
    }

    private static async Task WriteAsync(HttpResponse http, ApiResponse response)
    {
        http.StatusCode = response.Code;
        http.ContentType = response.ContentType;
        http.ContentLength = response.Body.Length;
        if (response.RetryAfterSeconds is { } seconds)
        {
            http.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var warning in response.Warnings)
        {
            http.Headers.Append("Warning", $"299 - \"{warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        await http.Body.WriteAsync(response.Body, http.HttpContext.RequestAborted);
    }

    private static async Task UntilClientLeavesAsync(HttpContext http)
    {
        var left = new TaskCompletionSource();
        await using var registration = http.RequestAborted.Register(left.SetResult);
        await left.Task;
    }

    private static ApiResponse Failure(FaultAction.Fail fail) => ApiResponse.Error(
        new ApiException(fail.Code, fail.Reason, fail.Message ?? $"injected fault: {fail.Reason}")
        {
            RetryAfterSeconds = fail.RetryAfter is { } after ? (int)Math.Ceiling(after.TotalSeconds) : null,
        });

    private ApiRequest Describe(HttpRequest http, RequestTarget? target)
    {
        var isWatch = http.Query["watch"].FirstOrDefault() is "true" or "1";
        return new ApiRequest
        {
            Number = Interlocked.Increment(ref _number),
            At = options.TimeProvider.GetUtcNow(),
            Verb = target is null ? "get" : RequestTarget.Verb(http.Method, target.IsCollection, isWatch),
            Group = target?.Resource.Group ?? "",
            Version = target?.Resource.Version ?? "",
            Resource = target?.Resource.Plural ?? "",
            Subresource = target?.Subresource ?? "",
            Namespace = target?.Namespace ?? "",
            Name = target?.Name ?? "",
            Path = http.Path.Value ?? "",
            Query = http.QueryString.Value ?? "",
            UserAgent = http.Headers.UserAgent.ToString(),
            ContentType = http.ContentType ?? "",
        };
    }
}
