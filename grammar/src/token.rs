//! Tokens. A character that begins no token becomes [`Token::Bad`] with an error of its own, never a lexer error:
//! those would end the parse instead of letting it recover.

use logos::Logos;

use crate::span::Span;

macro_rules! tokens {
    ($($word:literal $variant:ident)*) => {
        /// A token outside of square brackets, and (from [`Label`] on) inside of them.
        #[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
        #[logos(skip r"[ \t\r\n\u{c}\u{feff}]+")]
        pub enum Token<'input> {
            $(#[token($word)] $variant,)*
            #[regex("[a-z][a-z0-9-]*")]
            Name(&'input str),
            /// A name in quotes, quotes included.
            #[regex(r#""[^"\n]*""#)]
            Text(&'input str),
            #[regex("[0-9]+")]
            Integer(&'input str),
            /// Ports `first-last`, not yet checked.
            #[regex("[0-9]+-[0-9]+", priority = 20)]
            Range(&'input str),
            /// A day `2027-01-31`, not yet checked.
            #[regex("[0-9]+-[0-9]+-[0-9]+", priority = 20)]
            Date(&'input str),
            /// A method of HTTP; capitals mean nothing elsewhere.
            #[regex("[A-Z]+", priority = 3)]
            Method(&'input str),
            /// An IPv4 address or range, not yet checked.
            #[regex(r"[0-9]+(\.[0-9]+)+(/[0-9]+)?", priority = 30)]
            Ipv4(&'input str),
            /// An IPv6 address or range, not yet checked.
            #[regex(r"[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:]*(\.?[0-9]+)*(/[0-9]+)?", priority = 20)]
            Ipv6(&'input str),
            #[regex(r"(\*\.)?[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+", priority = 10)]
            #[regex(r"\*\.[a-z0-9][a-z0-9-]*")]
            Host(&'input str),
            /// A namespace pattern with one `*` (or more, which is an error).
            #[regex(r"[a-z0-9-]*\*[a-z0-9*-]*")]
            Pattern(&'input str),
            #[token(";")] Semicolon,
            #[token(",")] Comma,
            #[token(":")] Colon,
            #[token("/")] Slash,
            #[token("=")] Equals,
            #[token("(")] OpenParen,
            #[token(")")] CloseParen,
            #[token("{")] OpenBrace,
            #[token("}")] CloseBrace,
            #[token("[")] OpenBracket,
            #[token("]")] CloseBracket,
            #[regex("#[^\n]*", allow_greedy = true)]
            Comment(&'input str),
            #[regex("\"[^\"\n]*")]
            OpenText,
            #[regex("[A-Za-z0-9_][A-Za-z0-9_.-]*", priority = 1)]
            Odd(&'input str),
            /// Inside square brackets: a label key, or a value.
            Label(&'input str),
            NotEquals,
            Bang,
            LabelIn,
            LabelNotIn,
            /// What no rule takes; its error is recorded already.
            Bad,
        }

        impl<'input> Token<'input> {
            /// The text of a word of the language.
            pub fn keyword(self) -> Option<&'static str> {
                match self { $(Token::$variant => Some($word),)* _ => None }
            }
        }

        /// Words that are names only in quotes, or where every word is a name.
        pub const KEYWORDS: &[&str] = &[$($word),*];
    };
}

tokens! {
    "may" May "only" Only "must" Must "not" Not "reach" Reach "reaches" Reaches "cannot" Cannot
    "on" On "in" In "each" Each "except" Except "over" Over
    "isolated" Isolated "locked" Locked "open" Open "for" For
    "because" Because "if" If "even" Even "until" Until
    "let" Let "export" Export "use" Use "policy" Policy "apply" Apply "test" Test
    "anyone" Anyone "pods" Pods "nodes" Nodes "apiserver" ApiServer "dns" Dns
    "internet" Internet "anywhere" Anywhere
    "namespace" Namespace "namespaces" Namespaces "workload" Workload "service" Service
    "deployment" Deployment "statefulset" StatefulSet "daemonset" DaemonSet
    "job" Job "cronjob" CronJob "pod" Pod "serviceaccount" ServiceAccount
    "cluster" Cluster "clusters" Clusters
}

impl Token<'_> {
    /// After these, every word is a name.
    pub fn is_before_name(self) -> bool {
        use Token::*;
        matches!(
            self,
            Slash
                | Colon
                | Namespace
                | Workload
                | Service
                | Deployment
                | StatefulSet
                | DaemonSet
                | Job
                | CronJob
                | Pod
                | ServiceAccount
                | Cluster
                | Use
                | Policy
                | Apply
        )
    }
}

/// Tokens between `[` and `]`: Kubernetes' own selector syntax.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\n\u{c}]+")]
pub enum InBrackets<'input> {
    #[regex("[A-Za-z0-9_./-]+")]
    Label(&'input str),
    #[regex(r#""[^"\n]*""#)]
    Text(&'input str),
    #[token("in")]
    In,
    #[token("notin")]
    NotIn,
    #[token("=")]
    #[token("==")]
    Equals,
    #[token("!=")]
    NotEquals,
    #[token("!")]
    Bang,
    #[token(",")]
    Comma,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    /// Ends the brackets: a sentence does not go on inside of them.
    #[token(";")]
    Semicolon,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[regex("#[^\n]*", allow_greedy = true)]
    Comment(&'input str),
    #[regex("\"[^\"\n]*")]
    OpenText,
}

impl<'input> InBrackets<'input> {
    pub fn token(self) -> Token<'input> {
        match self {
            InBrackets::Label(text) => Token::Label(text),
            InBrackets::Text(text) => Token::Text(text),
            InBrackets::In => Token::LabelIn,
            InBrackets::NotIn => Token::LabelNotIn,
            InBrackets::Equals => Token::Equals,
            InBrackets::NotEquals => Token::NotEquals,
            InBrackets::Bang => Token::Bang,
            InBrackets::Comma => Token::Comma,
            InBrackets::OpenParen => Token::OpenParen,
            InBrackets::CloseParen => Token::CloseParen,
            InBrackets::OpenBracket => Token::OpenBracket,
            InBrackets::CloseBracket => Token::CloseBracket,
            InBrackets::Semicolon => Token::Semicolon,
            InBrackets::OpenBrace => Token::OpenBrace,
            InBrackets::CloseBrace => Token::CloseBrace,
            InBrackets::Comment(text) => Token::Comment(text),
            InBrackets::OpenText => Token::OpenText,
        }
    }
}

/// A comment, from its `#` to the end of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub span: Span,
    pub text: String,
}
