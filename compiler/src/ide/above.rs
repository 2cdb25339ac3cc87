//! The comment above a definition, which tells what it is for.

use weir_grammar::Span;

use crate::source::Source;

/// The lines of comment right above a statement, without their `#`. A line without text ends them, and what is said to
/// Weir itself is left out.
pub fn comment(source: &Source, span: Span) -> Option<String> {
    let before = source.text.get(..span.start as usize)?;
    let (before, own) = before.rsplit_once('\n')?;
    if !own.trim().is_empty() {
        return None;
    }
    let above = before.lines().rev().map(str::trim).map_while(|line| line.strip_prefix('#'));
    let mut lines: Vec<&str> = above
        .filter(|line| !line.trim_start().starts_with("weir:"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.reverse();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The comment at the top of a file, which tells what the file is for.
pub fn of_file(source: &Source) -> Option<String> {
    let lines = source.text.lines().map(str::trim).map_while(|line| line.strip_prefix('#'));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_right_above_is_meant() {
        let text = "# far\n\n# One.\r\n#  - two\n# weir: allow(W0101)\n  let a = b;\nlet c = d;";
        let source = Source::of("a", "a", text);
        let at = |word: &str| Span::new(text.find(word).unwrap(), text.len());
        assert_eq!(comment(&source, at("let a")).as_deref(), Some("One.\n - two"));
        assert_eq!(comment(&source, at("let c")), None);
        assert_eq!(comment(&source, Span::default()), None);
        assert_eq!(of_file(&source).as_deref(), Some("far"));
    }
}
