//! Diagnostics that the client asks for, of one document or of all.

use std::collections::HashMap;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use tower_lsp::ls_types::*;

use crate::convert::{Texts, diagnostics};
use crate::hub::State;
use crate::program::Program;

impl State {
    /// What there is to say of one document, unless that is what the client has.
    pub fn pulled(&self, uri: &Uri, known: Option<&str>) -> DocumentDiagnosticReportResult {
        let items = self.find(uri).map(|(program, _)| self.items(program, uri)).unwrap_or_default();
        let result_id = digest(&items);
        let report: DocumentDiagnosticReport = match known == Some(&result_id) {
            true => RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
            }
            .into(),
            false => RelatedFullDocumentDiagnosticReport {
                related_documents: None,
                full_document_diagnostic_report: FullDocumentDiagnosticReport {
                    result_id: Some(result_id),
                    items,
                },
            }
            .into(),
        };
        report.into()
    }

    /// The same of every file of every program, and of manifests that cannot be read.
    pub fn pulled_all(&self, known: Vec<PreviousResultId>) -> WorkspaceDiagnosticReportResult {
        let mut known: HashMap<Uri, String> =
            known.into_iter().map(|known| (known.uri, known.value)).collect();
        let mut items = Vec::new();
        let mut add = |uri: Uri, found: Vec<Diagnostic>, version: Option<i64>, before: Option<String>| {
            let result_id = digest(&found);
            if before.as_ref() == Some(&result_id) {
                let unchanged_document_diagnostic_report = UnchangedDocumentDiagnosticReport { result_id };
                items.push(WorkspaceDocumentDiagnosticReport::Unchanged(
                    WorkspaceUnchangedDocumentDiagnosticReport {
                        uri,
                        version,
                        unchanged_document_diagnostic_report,
                    },
                ));
            } else if before.is_some() || !found.is_empty() {
                let full_document_diagnostic_report =
                    FullDocumentDiagnosticReport { result_id: Some(result_id), items: found };
                items.push(WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
                    uri,
                    version,
                    full_document_diagnostic_report,
                }));
            }
        };
        for program in self.programs.values() {
            for uri in program.own_files().filter_map(|file| program.uri(file)) {
                let version = self.documents.get(&uri).map(|document| i64::from(document.version));
                let before = known.remove(&uri);
                add(uri.clone(), self.items(program, &uri), version, before);
            }
            for path in program.broken_files() {
                let Some(uri) = Uri::from_file_path(&path) else { continue };
                let stays = program.stays();
                let of_file = program.broken.iter().filter(|broken| broken.file == path);
                let found =
                    of_file.map(|broken| diagnostics::of_manifest(broken, stays.as_deref())).collect();
                let before = known.remove(&uri);
                add(uri, found, None, before);
            }
        }
        // Of files that are no more nothing is said any more.
        for (uri, before) in known {
            add(uri, Vec::new(), None, Some(before));
        }
        WorkspaceDiagnosticReport { items }.into()
    }

    fn items(&self, program: &Program, uri: &Uri) -> Vec<Diagnostic> {
        let Some(file) = program.file(uri) else { return Vec::new() };
        self.shown(program, uri, &program.said(file), &Texts::of(program, self.encoding))
    }
}

fn digest(items: &[Diagnostic]) -> String {
    let text = serde_json::to_string(items).unwrap_or_default();
    format!("{:016x}", FxBuildHasher.hash_one(text))
}
