//! Policy objects that the command line names: files, folders of them, standard input.

use std::collections::BTreeSet;
use std::path::PathBuf;

use weir::diagnostic::Diagnostic;
use weir::{Existing, Target};

use super::files::{self, is_stdin, unreadable, usage};

/// The policies that these paths name, read as a cluster's plugin would; `beside` is whether standard input is read for
/// something else.
pub fn existing(
    paths: &[PathBuf],
    target: Target,
    namespace: &str,
    beside: bool,
) -> Result<Existing, Vec<Diagnostic>> {
    if paths.iter().filter(|path| is_stdin(path)).count() + usize::from(beside) > 1 {
        return Err(vec![usage("standard input can be read once: as policies, or as something else")]);
    }
    let texts = read(paths)?;
    let texts: Vec<(&str, &str)> = texts.iter().map(Text::parts).collect();
    weir::policies::read(target, namespace, &texts)
}

/// A file of policies.
struct Text {
    /// What errors call it.
    name: String,
    text: String,
}

impl Text {
    fn parts(&self) -> (&str, &str) {
        (&self.name, &self.text)
    }
}

/// The texts of all of these, sorted by path. A folder that `kustomize` reads has a file of its own for that, which is no
/// object.
fn read(paths: &[PathBuf]) -> Result<Vec<Text>, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut found: BTreeSet<PathBuf> = BTreeSet::new();
    for path in paths {
        if is_stdin(path) {
            found.insert(path.clone());
            continue;
        }
        match files::below(path, &is_policy_file, &|_| true) {
            Ok(files) if files.is_empty() => {
                errors.push(usage(format!("there is no policy file in `{}`", path.display())));
            }
            Ok(files) => found.extend(files),
            Err((path, error)) => errors.push(unreadable(&path, &error)),
        }
    }
    let mut texts = Vec::new();
    for path in found {
        let bytes = match is_stdin(&path) {
            true => files::read_stdin(),
            false => files::read_unpacked(&path),
        };
        let name = if is_stdin(&path) { "<stdin>".to_owned() } else { path.display().to_string() };
        match bytes.map(String::from_utf8) {
            Ok(Ok(text)) => texts.push(Text { name, text }),
            Ok(Err(error)) => {
                errors.push(files::not_text(&path, error.as_bytes(), error.utf8_error().valid_up_to()));
            }
            Err(error) => errors.push(unreadable(&path, &error)),
        }
    }
    if errors.is_empty() { Ok(texts) } else { Err(errors) }
}

fn is_policy_file(name: &str) -> bool {
    files::is_manifest(name) && !["kustomization.yaml", "kustomization.yml"].contains(&name)
}
