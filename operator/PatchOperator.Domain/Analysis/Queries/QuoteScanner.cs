namespace PatchOperator.Domain.Analysis;

/// <summary>Follows PromQL's three kinds of quotes, and its comments, through a query: a value is escaped for where it stands.</summary>
internal sealed class QuoteScanner
{
    public const char None = '\0';

    private bool _comment;
    private bool _escaped;

    /// <summary>The quote that is open after what was read, or <see cref="None"/>.</summary>
    public char Quote { get; private set; }

    public void Read(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (_comment)
            {
                _comment = character != '\n';
            }
            else if (_escaped)
            {
                _escaped = false;
            }
            else if (Quote == None)
            {
                _comment = character == '#';
                Quote = character is '"' or '\'' or '`' ? character : None;
            }
            else if (character == Quote)
            {
                Quote = None;
            }
            else
            {
                _escaped = character == '\\' && Quote != '`';
            }
        }
    }
}
