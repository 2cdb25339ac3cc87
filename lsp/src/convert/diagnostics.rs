//! Diagnostics of the compiler as the protocol's: the page of a code as its description, further labels as related places,
//! notes and help in the message.

use tower_lsp::ls_types::{
    CodeDescription, Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    NumberOrString, Position, Range,
};
use weir::ide::{Tag, tag};
use weir::{Code, Diagnostic, Severity};

use super::Texts;
use crate::load::Broken;

const SOURCE: &str = "weir";

pub fn shown(said: &Diagnostic, texts: &Texts<'_>) -> Shown {
    let (first, others) = match said.labels.split_first() {
        Some((first, others)) => (Some(first), others),
        None => (None, [].as_slice()),
    };
    let related = others.iter().filter_map(|label| {
        let location = texts.location(label.place)?;
        Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
    });
    let related: Vec<_> = related.collect();
    Shown {
        range: first.map_or_else(Range::default, |label| texts.range(label.place)),
        severity: Some(severity(said.severity)),
        code: Some(NumberOrString::String(said.code.name().to_owned())),
        code_description: page(said.code),
        source: Some(SOURCE.to_owned()),
        message: message(said, first.map(|label| label.text.as_str())),
        related_information: (!related.is_empty()).then_some(related),
        tags: tag(said.code).map(|tag| {
            vec![match tag {
                Tag::Unused => DiagnosticTag::UNNECESSARY,
                Tag::Expired => DiagnosticTag::DEPRECATED,
            }]
        }),
        data: None,
    }
}

/// What is wrong with a manifest, in which the last good inventory stays in use, if there is one.
pub fn of_manifest(broken: &Broken, stays: Option<&str>) -> Shown {
    let at = Position::new(broken.line.saturating_sub(1), broken.column.saturating_sub(1));
    let end = if broken.line == 0 { at } else { Position::new(at.line, u32::MAX >> 1) };
    let mut text = message(&broken.said, None);
    if let Some(stays) = stays {
        text += "\nnote: ";
        text += stays;
    }
    Shown {
        range: Range::new(at, end),
        severity: Some(DiagnosticSeverity::ERROR),
        code: Some(NumberOrString::String(broken.said.code.name().to_owned())),
        code_description: page(broken.said.code),
        source: Some(SOURCE.to_owned()),
        message: text,
        ..Shown::default()
    }
}

/// Something that has no code: about the file as a whole.
pub fn remark(message: String) -> Shown {
    Shown {
        severity: Some(DiagnosticSeverity::INFORMATION),
        source: Some(SOURCE.to_owned()),
        message,
        ..Shown::default()
    }
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Note => DiagnosticSeverity::INFORMATION,
    }
}

fn page(code: Code) -> Option<CodeDescription> {
    Some(CodeDescription { href: format!("weir:/errors/{}.md", code.name()).parse().ok()? })
}

fn message(said: &Diagnostic, label: Option<&str>) -> String {
    let mut text = said.message.clone();
    if let Some(label) = label.filter(|label| !label.is_empty()) {
        text += ": ";
        text += label;
    }
    for (list, before) in [(&said.namespaces, "in the namespaces "), (&said.clusters, "in the clusters ")] {
        if !list.is_empty() {
            text += "\n";
            text += before;
            text += &list.join(", ");
        }
    }
    for (list, word) in [(&said.notes, "note"), (&said.help, "help")] {
        for line in list {
            text += &format!("\n{word}: {line}");
        }
    }
    text
}
