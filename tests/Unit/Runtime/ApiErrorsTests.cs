using System.Text;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class ApiErrorsTests
{
    [Theory]
    [InlineData(404, "NotFound", ApiErrorKind.NotFound)]
    [InlineData(409, "AlreadyExists", ApiErrorKind.AlreadyExists)]
    [InlineData(409, "Conflict", ApiErrorKind.Conflict)]
    [InlineData(410, "Expired", ApiErrorKind.Gone)]
    [InlineData(422, "Invalid", ApiErrorKind.Invalid)]
    [InlineData(400, "BadRequest", ApiErrorKind.Invalid)]
    [InlineData(403, "Forbidden", ApiErrorKind.Forbidden)]
    [InlineData(401, "Unauthorized", ApiErrorKind.Unauthorized)]
    [InlineData(429, "TooManyRequests", ApiErrorKind.Throttled)]
    [InlineData(504, "Timeout", ApiErrorKind.Timeout)]
    [InlineData(500, "ServerTimeout", ApiErrorKind.Timeout)]
    [InlineData(500, "InternalError", ApiErrorKind.Unavailable)]
    [InlineData(503, "ServiceUnavailable", ApiErrorKind.Unavailable)]
    public void A_status_is_classified_by_code_and_reason(int code, string reason, ApiErrorKind kind) =>
        Assert.Equal(kind, Read(code, $$"""{"kind":"Status","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"m"}""").Kind);

    [Fact]
    public void The_servers_words_and_causes_are_kept()
    {
        var error = Read(422, """
            {"kind":"Status","code":422,"reason":"Invalid","message":"spec.replicas is invalid",
             "details":{"causes":[{"field":"spec.replicas","reason":"FieldValueInvalid","message":"must be positive"}]}}
            """);
        Assert.Equal("spec.replicas is invalid", error.Message);
        Assert.Equal(new ApiErrorCause("spec.replicas", "FieldValueInvalid", "must be positive"), Assert.Single(error.Causes));
        Assert.True(error.IsTerminal);
    }

    [Fact]
    public void A_proxys_page_is_the_message_when_there_is_no_status()
    {
        var error = Read(502, "<html>bad gateway</html>");
        Assert.Equal(ApiErrorKind.Unavailable, error.Kind);
        Assert.Contains("bad gateway", error.Message);
    }

    [Fact]
    public void A_503_that_names_a_time_is_throttling_and_did_nothing()
    {
        var error = ApiErrors.FromResponse(503, Encoding.UTF8.GetBytes("{}"), TimeSpan.FromSeconds(3));
        Assert.Equal((ApiErrorKind.Throttled, TimeSpan.FromSeconds(3), true), (error.Kind, error.RetryAfter, error.TookNoEffect));
    }

    [Theory]
    [InlineData(600, 30.0)]
    [InlineData(45, 30.0)]
    [InlineData(1, 1.0)]
    [InlineData(0.4, null)]
    [InlineData(0, null)]
    [InlineData(-3600, null)]
    public void No_server_keeps_us_away_for_more_than_half_a_minute_and_none_has_us_back_at_once(double asked, double? obeyed)
    {
        var error = ApiErrors.FromResponse(503, Encoding.UTF8.GetBytes("{}"), TimeSpan.FromSeconds(asked));
        Assert.Equal((ApiErrorKind.Throttled, obeyed), (error.Kind, error.RetryAfter?.TotalSeconds));
    }

    [Fact]
    public void A_create_whose_outcome_is_not_known_is_not_sent_again_and_a_read_is()
    {
        var unknown = ApiErrors.FromTransport(new IOException("connection reset"));
        Assert.False(RetryWhen.NothingWasDone(unknown));
        Assert.True(RetryWhen.ReadFailed(unknown));
        Assert.True(RetryWhen.NothingWasDone(ApiErrors.FromTransport(new HttpRequestException(HttpRequestError.ConnectionError, "refused"))));
    }

    [Fact]
    public void A_long_pause_and_a_conflict_are_left_to_the_caller()
    {
        Assert.False(RetryWhen.ReadFailed(ApiErrors.FromResponse(429, default, TimeSpan.FromSeconds(30))));
        Assert.False(RetryWhen.RepeatableWriteFailed(ApiErrors.FromResponse(409, default, null)));
    }

    [Fact]
    public void Path_segments_are_escaped_in_json_pointers() =>
        Assert.Equal("/metadata/annotations/a~1b~0c", JsonPatch.Pointer(["metadata", "annotations", "a/b~c"]));

    private static ApiError Read(int code, string body) => ApiErrors.FromResponse(code, Encoding.UTF8.GetBytes(body), null);
}
