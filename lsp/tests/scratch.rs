//! A scratch copy of a program, open in an editor.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use weir_tests::editor::{Editor, uri};

pub struct Scratch {
    _folder: TempDir,
    pub root: PathBuf,
}

impl Scratch {
    /// A folder with these files.
    pub fn with(files: &[(&str, &str)]) -> Scratch {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let scratch = Scratch { _folder: folder, root };
        files.iter().for_each(|(name, text)| scratch.write(name, text));
        scratch
    }

    /// A copy of an example, as a project.
    pub fn example(name: &str, settings: &str) -> Scratch {
        let scratch = Scratch::with(&[("weir.toml", settings)]);
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
        copy(&from, &scratch.root);
        scratch.write("weir.toml", settings);
        scratch
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn uri(&self, name: &str) -> String {
        uri(&self.path(name))
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A value as text, with the folder's name left out.
    pub fn shown(&self, value: &Value) -> String {
        let text = serde_json::to_string_pretty(value).unwrap();
        let root = self.root.display().to_string();
        text.replace(&root, "").replace(&root.replace('/', "%2F"), "")
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

pub fn server() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_weir-lsp"))
}

pub fn start() -> Editor {
    Editor::start(server()).unwrap()
}

/// The first position of a word in a text, `$0` in it being the cursor.
pub fn position(text: &str, word: &str) -> Value {
    let cursor = word.find("$0").unwrap_or(0);
    let word = word.replace("$0", "");
    let at = text.find(&word).unwrap_or_else(|| panic!("`{word}` is in the text")) + cursor;
    let line = text[..at].matches('\n').count();
    let character = at - text[..at].rfind('\n').map_or(0, |at| at + 1);
    serde_json::json!({ "line": line, "character": character })
}

/// Waits until diagnostics of a document have a code, or have none at all if it is empty.
pub fn wait_for(editor: &mut Editor, uri: &str, code: &str) -> Vec<Value> {
    loop {
        let (_, said) = editor.diagnostics(uri);
        let has = said.iter().any(|said| said["code"] == code);
        if has || (code.is_empty() && said.is_empty()) {
            return said;
        }
    }
}
