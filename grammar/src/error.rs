//! What can be wrong with a text, as data. How it is said is the compiler's business.

use crate::span::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub span: Span,
    pub kind: SyntaxErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// `found` stands where one of `expected` should; words and descriptions in the reader's language.
    Unexpected { found: String, expected: Vec<String> },
    /// The sentence that ends here has no `;`.
    MissingSemicolon,
    /// A bracket that is never closed; `closing` would close it.
    Unclosed { closing: char },
    /// A closing bracket that nothing opened.
    Unopened,
    /// Characters that begin no word of the language.
    NoWord,
    /// A word with capitals, underscores or a leading digit: a name only in quotes.
    NeedsQuotes,
    /// More than one `*` in a namespace pattern.
    ManyStars,
    /// A quoted text without its closing quote on the same line.
    UnclosedText,
    /// `,`, `except` and `in` side by side without parentheses. Both readings are spelled out.
    MixedOperators { readings: Vec<String> },
    /// A word of the language where a name was meant.
    ReservedWord,
    /// Brackets nested deeper than [`crate::MAX_DEPTH`].
    TooDeep,
    /// A clause that the sentence has already.
    RepeatedClause { first: Span, what: &'static str },
    /// `if present` and `even if absent` in one sentence.
    ContradictingClauses { first: Span },
    /// Not an IPv4 or IPv6 address or range.
    BadAddress { why: String },
    /// A range whose address has bits outside of its mask.
    HostBits { network: String, address: String },
    /// A port outside of 1 to 65535.
    BadPort,
    /// Not a day of the calendar, written `2027-01-31`.
    BadDate,
    /// A request that HTTP cannot have.
    BadRequest { why: &'static str },
    /// A protocol other than tcp, udp, sctp.
    BadProtocol,
    /// A label key or value that Kubernetes would refuse.
    BadLabel { why: &'static str },
    /// A file of 4 GiB or more.
    TooLarge,
}
