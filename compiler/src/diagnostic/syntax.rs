//! The one door from what is wrong with a text to what is said about it.

use weir_grammar::{MOST_TOLD, SyntaxError, SyntaxErrorKind, format};

use super::{Code, Diagnostic, listed, printable, shortened};
use crate::source::{FileId, Place, Source};

/// What is wrong with the text of a file.
pub fn diagnostics(file: FileId, source: &Source) -> Vec<Diagnostic> {
    let errors = &source.parse.errors;
    let told = errors.iter().take(MOST_TOLD);
    let mut diagnostics: Vec<Diagnostic> = told.map(|error| diagnostic(file, source, error)).collect();
    if let (1.., Some(last)) = (errors.len().saturating_sub(MOST_TOLD), diagnostics.last_mut()) {
        let more = errors.len() - MOST_TOLD;
        let number = if more == 1 { "1 more error".to_owned() } else { format!("{more} more errors") };
        last.notes.push(format!("{number} behind this one in `{}`", source.path));
    }
    diagnostics
}

fn diagnostic(file: FileId, source: &Source, error: &SyntaxError) -> Diagnostic {
    let place = Place { file, span: error.span };
    let raw = &source.text[error.span.range()];
    let word = shortened(&printable(raw));
    match &error.kind {
        SyntaxErrorKind::Unexpected { found, expected } => {
            let found = shortened(&printable(found));
            let said = Diagnostic::error(Code::E0101, format!("`{found}` does not fit here"));
            let here = match expected.len() {
                0 => "not expected here".to_owned(),
                _ => format!("expected {}", one_of(expected)),
            };
            let before = source.text[..error.span.start as usize].trim_end();
            let after = &source.text[error.span.start as usize..];
            let near = expected.iter().filter_map(|word| word.strip_prefix('`')?.strip_suffix('`'));
            let near = near.min_by_key(|word| strsim::damerau_levenshtein(word, &found));
            let near = near.filter(|word| found.len() > 3 && strsim::damerau_levenshtein(word, &found) <= 2);
            let said = said.at(place, here);
            match near {
                Some(word) => said.with_help(format!("did you mean `{word}`?")).suggest(
                    format!("`{word}`"),
                    place,
                    word,
                ),
                None if found == "absent" => said.with_help("write `even if absent`, or `if present`"),
                None if found == "[" || found.contains(':') => said
                    .with_help("ports of IPv6 addresses stand behind `on`: `… may reach 2001:db8::1 on 443`"),
                None if expected.as_slice() == ["`(`"] => said.with_help(
                    "a policy has parentheses: `policy NAME(…) { … }`, `apply NAME(…);`; if something is called `policy` or `apply`, put it in quotes",
                ),
                None if after.starts_with("//") => said.with_help("comments begin with `#`"),
                None if found == ";" && before.ends_with('}') => {
                    said.with_help("a block takes no `;` behind it")
                }
                None => said.with_help(HELP_SENTENCE),
            }
        }
        SyntaxErrorKind::MissingSemicolon => {
            Diagnostic::error(Code::E0102, "this sentence has no `;` at its end")
                .at(place, "`;` is missing here")
                .suggest("end the sentence", place, ";")
        }
        SyntaxErrorKind::Unclosed { closing } => {
            Diagnostic::error(Code::E0103, format!("`{word}` is never closed"))
                .at(place, format!("its `{closing}` is missing"))
        }
        SyntaxErrorKind::Unopened => {
            Diagnostic::error(Code::E0103, format!("nothing opens this `{word}`")).at(place, "closes nothing")
        }
        SyntaxErrorKind::NoWord => {
            Diagnostic::error(Code::E0104, format!("`{word}` is no word of the language"))
                .at(place, "not understood")
                .with_help("comments begin with `#`, and sentences end with `;`")
        }
        SyntaxErrorKind::NeedsQuotes => {
            let said = Diagnostic::error(Code::E0104, format!("`{word}` cannot be written bare"))
                .at(place, "a bare name has lower-case letters, digits and `-`, and begins with a letter");
            if let Some(first) =
                raw.strip_suffix('-').filter(|first| first.bytes().all(|b| b.is_ascii_digit()))
            {
                return said.with_help(format!("a range of ports has two ends: `{first}-65535`"));
            }
            let lower = raw.to_ascii_lowercase();
            if lower != raw {
                return said
                    .with_help(format!("names in Kubernetes are in lower case: `{}`", shortened(&lower)))
                    .suggest("write it in lower case", place, format::quoted(&lower));
            }
            said.with_help(format!("put it in quotes: `\"{word}\"`")).suggest(
                "put it in quotes",
                place,
                format!("\"{raw}\""),
            )
        }
        SyntaxErrorKind::ManyStars => {
            Diagnostic::error(Code::E0104, format!("`{word}` has more than one `*`"))
                .at(place, "a namespace pattern has one `*`")
                .with_help(
                    "write a union such as `(team-*, *-team)`, or select by label: `namespaces[team=x]`",
                )
        }
        SyntaxErrorKind::UnclosedText => Diagnostic::error(Code::E0105, "this text is never closed")
            .at(place, "its closing `\"` is missing on this line"),
        SyntaxErrorKind::MixedOperators { readings } => {
            let said = Diagnostic::error(Code::E0106, "this set can be read in two ways")
                .at(place, "needs parentheses")
                .with_help(format!("write {}", readings_of(readings)));
            readings.iter().fold(said, |said, reading| {
                said.suggest(format!("read it as `{}`", shortened(reading)), place, reading.clone())
            })
        }
        SyntaxErrorKind::ReservedWord => {
            let message = format!("`{word}` is a word of the language, and no bare name");
            let said = Diagnostic::error(Code::E0107, message).at(place, "a name was expected");
            said.with_help(format!("if something is called so, put it in quotes: `{}`", format::quoted(raw)))
                .suggest("put it in quotes", place, format::quoted(raw))
        }
        SyntaxErrorKind::TooDeep => {
            let most = weir_grammar::MAX_DEPTH;
            Diagnostic::error(Code::E0108, format!("brackets and blocks nest at most {most} deep"))
                .at(place, "one too many")
                .with_help("give parts of the set a name with `let`")
        }
        SyntaxErrorKind::RepeatedClause { first, what } => {
            Diagnostic::error(Code::E0109, format!("`{what}` stands twice in this sentence"))
                .at(place, "the second one")
                .at(Place { file, span: *first }, "the first one")
        }
        SyntaxErrorKind::ContradictingClauses { first } => {
            Diagnostic::error(Code::E0109, "`if present` and `even if absent` contradict each other")
                .at(place, "the second one")
                .at(Place { file, span: *first }, "the first one")
                .with_help("`if present` drops what is missing; `even if absent` compiles it all the same")
        }
        SyntaxErrorKind::BadAddress { why } => {
            Diagnostic::error(Code::E0110, format!("`{word}` is no address")).at(place, why.clone())
        }
        SyntaxErrorKind::HostBits { network, address } => {
            Diagnostic::error(Code::E0110, format!("`{word}` is not the beginning of a range"))
                .at(place, "has bits behind its prefix")
                .with_help(format!("write `{network}` for the range, or `{address}` for the one address"))
                .suggest("the range", place, network.clone())
                .suggest("the one address", place, address.clone())
        }
        SyntaxErrorKind::BadPort => Diagnostic::error(Code::E0111, format!("`{word}` is no port"))
            .at(place, "ports go from 1 to 65535"),
        SyntaxErrorKind::BadDate => Diagnostic::error(Code::E0114, format!("`{word}` is no day"))
            .at(place, "a day of the calendar is written `2027-01-31`"),
        SyntaxErrorKind::BadRequest { why } => {
            Diagnostic::error(Code::E0115, format!("`{word}` is no HTTP request")).at(place, *why)
        }
        SyntaxErrorKind::BadProtocol => Diagnostic::error(Code::E0111, format!("`{word}` is no protocol"))
            .at(place, "`tcp`, `udp` or `sctp`"),
        SyntaxErrorKind::BadLabel { why } => {
            Diagnostic::error(Code::E0113, format!("`{word}` is no label key or value of Kubernetes"))
                .at(place, *why)
        }
        SyntaxErrorKind::TooLarge => {
            Diagnostic::error(Code::E0701, format!("`{}` is too large: 4 GiB and more", source.path))
        }
    }
}

const HELP_SENTENCE: &str =
    "sentences look like `namespace shop locked;` or `web may reach db:5432 because \"orders\";`";

fn one_of(expected: &[String]) -> String {
    match expected {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., end] => format!("{} or {end}", init.join(", ")),
    }
}

fn readings_of(readings: &[String]) -> String {
    listed(&readings.iter().map(|reading| shortened(reading)).collect::<Vec<_>>(), "or")
}
