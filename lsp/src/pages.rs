//! Documents that the server makes: the pages of codes, the library, compiled policies, who reaches whom. Their names begin
//! with `weir:/`.

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::Uri;
use weir::{Code, Sources};

use crate::hub::State;

#[derive(Debug, Deserialize)]
pub struct PageParams {
    pub uri: Uri,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Page {
    pub text: String,
}

impl State {
    /// The text of a page, or why there is none.
    pub fn page(&self, uri: &Uri) -> Result<String, String> {
        let path = uri.path().decode().to_string_lossy().into_owned();
        let unknown = || format!("there is no document `{}`", uri.as_str());
        let mut parts = path.trim_start_matches('/').splitn(2, '/');
        let (Some(kind), Some(rest)) = (parts.next(), parts.next()) else { return Err(unknown()) };
        match kind {
            "errors" => {
                let name = rest.strip_suffix(".md").unwrap_or(rest);
                let code = Code::ALL.iter().find(|code| code.name() == name);
                code.map(|code| code.page().to_owned()).ok_or_else(unknown)
            }
            "std" => {
                let module = format!("std.{}", rest.strip_suffix(".weir").unwrap_or(rest));
                Sources::library_text(&module).map(str::to_owned).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }
}
