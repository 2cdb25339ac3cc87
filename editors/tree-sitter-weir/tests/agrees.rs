//! The two grammars accept the same texts, and see the same things in them.

use crate::outline::{self, Outline};
use crate::texts;
use crate::verdict::{Read, Readers};

#[test]
fn on_every_text() {
    let mut readers = Readers::new();
    let (mut disputes, mut accepted, mut refused, mut sentences) = (Vec::new(), 0, 0, 0);
    for text in texts::all() {
        let read = readers.read(&text.text);
        let mut dispute = read.dispute();
        if dispute.is_none() && read.compiler_accepts() && !read.too_deep() {
            accepted += 1;
            let seen = outline::of_compiler(&read.parse.file);
            sentences += seen.iter().filter(|(kind, ..)| outline::SENTENCES.contains(kind)).count();
            dispute = difference(&seen, &outline::of_editor(&read.tree)).or_else(|| top(&read));
        } else {
            refused += 1;
        }
        disputes.extend(dispute.map(|dispute| format!("{}: {dispute}", text.name)));
    }
    assert!(disputes.is_empty(), "\n{}", disputes.join("\n"));
    println!("{accepted} texts are accepted, with {sentences} sentences; {refused} are refused");
    assert!(accepted > 500 && refused > 1 && sentences > 1000, "texts were passed over");
}

/// What one tree has and the other has not.
fn difference(compiler: &Outline, editor: &Outline) -> Option<String> {
    let differs = compiler.iter().zip(editor).find(|(one, other)| one != other);
    match differs {
        Some((one, other)) => Some(format!("the compiler sees {one:?}, the editor {other:?}")),
        None if compiler.len() != editor.len() => {
            Some(format!("{} things for the compiler, {} for the editor", compiler.len(), editor.len()))
        }
        None => None,
    }
}

/// Statements that do not begin and end at the same places.
fn top(read: &Read) -> Option<String> {
    let compiler: Vec<(usize, usize)> = read
        .parse
        .file
        .statements
        .iter()
        .map(|statement| {
            let span = statement.span();
            (span.start as usize, span.end as usize)
        })
        .collect();
    let statements = outline::children(read.tree.root_node()).into_iter().filter(|node| !node.is_extra());
    let editor: Vec<(usize, usize)> = statements.map(|node| (node.start_byte(), node.end_byte())).collect();
    (compiler != editor)
        .then(|| format!("statements at {compiler:?} for the compiler, {editor:?} for the editor"))
}
