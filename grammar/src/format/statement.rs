//! The canonical words of a statement on one line, however long: up to its `;`, or to the `{` of its body.

use super::{after_slash, argument, block_head, module, partition_key, quoted, sentence, set};
use crate::ast::*;

/// Nothing for what could not be read.
pub fn line(statement: &Statement) -> String {
    match statement {
        Statement::Let(tree) => let_line(tree),
        Statement::Use(tree) => format!("use {};", module(&tree.module.text)),
        Statement::Block(tree) => format!("in {} {{", block_head(&tree.head)),
        Statement::Policy(tree) => policy_line(tree),
        Statement::Apply(tree) => {
            let args: Vec<String> = tree.args.iter().map(argument).collect();
            format!("apply {}({});", after_slash(&tree.name.text), args.join(", "))
        }
        Statement::Test(tree) => format!("test \"{}\" {{", tree.name.text),
        Statement::Sentence(tree) => sentence(tree) + ";",
        Statement::Error(_) => String::new(),
    }
}

fn export(word: Option<crate::Span>) -> &'static str {
    if word.is_some() { "export " } else { "" }
}

fn let_line(tree: &Let) -> String {
    let value = match &tree.value {
        LetValue::Set(value) => set(value),
        LetValue::Partition(partition) => format!("namespaces by {}", partition_key(&partition.key.text)),
    };
    let absent = tree.absent.map_or("", |(absent, _)| super::absent(absent));
    format!("{}let {} = {value}{absent};", export(tree.export), quoted(&tree.name.text))
}

fn policy_line(tree: &Policy) -> String {
    let param = |param: &Param| match &param.kind {
        Some(kind) => format!("{}: {}", quoted(&param.name.text), after_slash(&kind.text)),
        None => quoted(&param.name.text),
    };
    let params: Vec<String> = tree.params.iter().map(param).collect();
    format!("{}policy {}({}) {{", export(tree.export), after_slash(&tree.name.text), params.join(", "))
}
