//! Kubernetes objects, as YAML or JSON, into an [`Inventory`]. Texts are handed in: this module knows no files and no
//! network. It reads what objects say and judges nothing: what a policy means, and what a program asks, is for others.

use std::io::{self, Read};

use crate::inventory::Inventory;
use crate::labels::Text;

mod cni;
mod dispatch;
mod document;
mod fold;
mod header;
mod json;
mod loose;
mod object;
mod parts;
mod policy;
mod problem;
mod record;
mod rules;
mod scalar;
#[cfg(test)]
mod tests;
mod workload;
mod yaml;

use parts::{Division, List};
use problem::{Problem, count_lines};
use record::Records;

/// What is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// The name under which the input was handed in.
    pub file: Text,
    /// The position of the document in the input, from 1. Documents without content do not count.
    pub document: u32,
    /// The line of the culprit in the input, from 1; where it is not known, that on which the document begins.
    pub line: u32,
    /// From 1; 0 where it is not known.
    pub column: u32,
    pub message: String,
    pub help: Option<String>,
}

/// Collects objects; [`Reader::finish`] folds them into an inventory.
pub struct Reader {
    records: Records,
}

impl Reader {
    /// Objects that name no namespace belong to `default_namespace`.
    pub fn new(default_namespace: &str) -> Self {
        Reader { records: Records::new(default_namespace) }
    }

    /// Reads one input, which `file` names in errors and origins. Its errors are returned here, and again by
    /// [`Reader::finish`]: further inputs may follow, so that the errors of all of them can be shown.
    pub fn read(&mut self, file: &str, bytes: &[u8]) -> Result<(), Vec<ManifestError>> {
        self.read_divided(file, bytes, Division::of_this_machine())
    }

    /// Reads one input as it comes in: a large JSON list is folded on every core while the rest of it is still being
    /// read, and is never in memory as a whole. `open` begins the input anew; it is called a second time where the first
    /// attempt met something that only the whole text can explain. The outer error is that of the input, the inner ones
    /// are those of [`Reader::read`].
    pub fn read_from<R: Read + Send>(
        &mut self,
        file: &str,
        open: impl FnMut() -> io::Result<R>,
    ) -> io::Result<Result<(), Vec<ManifestError>>> {
        self.read_from_divided(file, open, Division::of_this_machine())
    }

    fn read_divided(
        &mut self,
        file: &str,
        bytes: &[u8],
        division: Division,
    ) -> Result<(), Vec<ManifestError>> {
        if bytes.len() > 2 * division.part
            && let Some(list) = List::begins(&bytes[..division.part])
            && let Ok(true) = list.read(&mut self.records, file, list.items_of(bytes), division)
        {
            return Ok(());
        }
        self.read_whole(file, bytes)
    }

    fn read_from_divided<R: Read + Send>(
        &mut self,
        file: &str,
        mut open: impl FnMut() -> io::Result<R>,
        division: Division,
    ) -> io::Result<Result<(), Vec<ManifestError>>> {
        let mut input = open()?;
        let mut bytes = Vec::new();
        let least = 2 * division.part + 1;
        input.by_ref().take(least as u64).read_to_end(&mut bytes)?;
        if bytes.len() == least
            && let Some(list) = List::begins(&bytes[..division.part])
        {
            let items = list.items_of(&bytes).chain(input);
            if list.read(&mut self.records, file, items, division)? {
                return Ok(Ok(()));
            }
            bytes.clear();
            input = open()?;
        }
        input.read_to_end(&mut bytes)?;
        Ok(self.read_whole(file, &bytes))
    }

    fn read_whole(&mut self, file: &str, bytes: &[u8]) -> Result<(), Vec<ManifestError>> {
        let before = self.records.errors.len();
        let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let kustomization = matches!(base, "kustomization.yaml" | "kustomization.yml" | "Kustomization");
        let mut input = Input { records: &mut self.records, file: file.into(), kustomization };
        if let Some(text) = input.text_of(bytes) {
            if json::is_json(text) {
                json::read(&mut input, text, 1, 1);
            } else {
                yaml::read(&mut input, text, 1, 1);
            }
        }
        match &self.records.errors[before..] {
            [] => Ok(()),
            errors => Err(errors.to_vec()),
        }
    }

    /// The inventory of all that was read, or every error that was met: half an inventory is worse than none.
    pub fn finish(self) -> Result<Inventory, Vec<ManifestError>> {
        if self.records.errors.is_empty() { Ok(fold::fold(self.records)) } else { Err(self.records.errors) }
    }
}

/// The input that is being read.
struct Input<'r> {
    records: &'r mut Records,
    file: Text,
    /// Called as kustomize calls its own files, which are no manifests.
    kustomization: bool,
}

impl Input<'_> {
    fn error(&mut self, document: u32, line: u32, column: u32, problem: Problem) {
        let Problem { message, help } = problem;
        self.records.errors.push(ManifestError {
            file: self.file.clone(),
            document,
            line,
            column,
            message,
            help,
        });
    }

    /// The text of an input, if it is one.
    fn text_of<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a str> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            let problem = Problem::new("the text is UTF-16, not UTF-8");
            self.error(1, 1, 0, problem.help("PowerShell's `>` writes it; use `| Out-File -Encoding utf8`"));
            return None;
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let line = count_lines(&bytes[..error.valid_up_to()]) + 1;
                self.error(1, line, 0, Problem::new("the text is not UTF-8").help("save the file as UTF-8"));
                return None;
            }
        };
        if let Some(at) = memchr::memchr(0, bytes) {
            let line = count_lines(&bytes[..at]) + 1;
            self.error(1, line, 0, Problem::new("the text has a NUL byte; it is no manifest"));
            return None;
        }
        Some(text.strip_prefix('\u{feff}').unwrap_or(text))
    }
}
