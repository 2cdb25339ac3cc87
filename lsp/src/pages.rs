//! Documents that the server makes: the pages of codes, the library, compiled policies, who reaches whom. Their names begin
//! with `weir:/`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::ls_types::notification::Notification;
use tower_lsp::ls_types::{Position, Uri};
use weir::ide::{Desk, Way, Workspace, hover, reach_page, yaml};
use weir::{Code, Sources, Target};

use crate::features::lenses::{SHOW_REACH, SHOW_YAML};
use crate::hub::State;
use crate::text::Lines;

#[derive(Debug, Serialize, Deserialize)]
pub struct PageParams {
    pub uri: Uri,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Page {
    pub text: String,
}

/// What a command is asked to show.
#[derive(Debug, Deserialize)]
struct Wanted {
    uri: Uri,
    position: Option<Position>,
    direction: Option<Direction>,
    /// Everything that the program becomes.
    #[serde(default)]
    whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Incoming,
    Outgoing,
}

/// A page about a document, or about a place in it.
#[derive(Debug, PartialEq)]
struct About {
    document: Uri,
    position: Option<Position>,
    way: Way,
    target: Option<Target>,
    /// The whole program that the document belongs to.
    whole: bool,
}

/// What a program is compiled from.
pub struct Whole {
    workspace: Workspace,
    site: usize,
    target: Option<Target>,
}

impl Whole {
    /// Everything that it becomes; why that is nothing, as a comment.
    pub fn text(&self) -> String {
        yaml::of_program(&self.workspace, self.site, self.target)
            .unwrap_or_else(|reason| format!("# {reason}\n"))
    }
}

/// The text of a page changed: whoever shows it asks again.
pub enum PageChanged {}

impl Notification for PageChanged {
    type Params = PageParams;
    const METHOD: &'static str = "weir/virtualDocumentChanged";
}

const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

impl State {
    /// The text of a page, or why there is none.
    pub fn page(&self, uri: &Uri) -> Result<String, String> {
        let path = uri.path().decode().to_string_lossy().into_owned();
        let unknown = || format!("there is no document `{}`", uri.as_str());
        let (kind, rest) = path.trim_start_matches('/').split_once('/').ok_or_else(unknown)?;
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
            "docs" if rest == "language.md" => Ok(hover::REFERENCE.to_owned()),
            "yaml" => self.yaml(&about(uri).ok_or_else(unknown)?),
            "reach" => self.reach(&about(uri).ok_or_else(unknown)?),
            _ => Err(unknown()),
        }
    }

    /// A page of everything that a program becomes: what it is made of, so that it can be made beside other answers.
    pub fn whole_page(&self, uri: &Uri) -> Option<Whole> {
        let about = about(uri).filter(|about| about.whole && uri.path().as_str().starts_with("/yaml/"))?;
        let (program, _) = self.document(&about).ok()?;
        let target = about.target.or(self.target);
        Some(Whole { workspace: program.workspace.clone(), site: self.site(program), target })
    }

    /// The page that a command shows.
    pub fn page_of_command(&self, command: &str, argument: &Value) -> Result<Uri, String> {
        let wanted: Wanted = serde_json::from_value(argument.clone())
            .map_err(|error| format!("`{command}` takes `{{ uri, position? }}`: {error}"))?;
        let (program, file) = self
            .find(&wanted.uri)
            .ok_or_else(|| format!("`{}` belongs to no program that is open", wanted.uri.as_str()))?;
        let site = program.workspace.sites.get(self.site(program));
        let cluster = site.map(|site| site.world.cluster.name.as_str()).filter(|name| !name.is_empty());
        let target = self.target.or(site.map(|site| site.target)).unwrap_or(Target::NetworkPolicy);
        let name = &program.workspace.sources.get(file).name;
        let at = match wanted.position {
            Some(position) => format!("&at={}.{}", position.line, position.character),
            None => String::new(),
        };
        let at = if wanted.whole { "&whole=true".to_owned() } else { at };
        let encoded = |text: &str| utf8_percent_encode(text, KEPT).to_string();
        let document = encoded(wanted.uri.as_str());
        let page = match command {
            SHOW_YAML => format!(
                "weir:/yaml/{}/{}/{}.yaml?of={document}{at}&target={}",
                encoded(cluster.unwrap_or("cluster")),
                target.name(),
                encoded(name),
                target.name()
            ),
            SHOW_REACH => {
                let way = match wanted.direction {
                    Some(Direction::Outgoing) => "outgoing",
                    Some(Direction::Incoming) | None => "incoming",
                };
                format!(
                    "weir:/reach/{}/{way}/{}.md?of={document}{at}&way={way}",
                    encoded(cluster.unwrap_or("cluster")),
                    encoded(name)
                )
            }
            _ => return Err(format!("there is no command `{command}`")),
        };
        page.parse().map_err(|_| format!("`{page}` is no name of a document"))
    }

    fn yaml(&self, about: &About) -> Result<String, String> {
        let (program, file) = self.document(about)?;
        let site = self.site(program);
        let desk = program.desk(file, site);
        let target = about.target.or(self.target);
        let found = match self.offset(&desk, about) {
            Some(offset) => yaml::of_statement(&desk, offset, target),
            None => yaml::of_file(&desk, target),
        };
        if !desk.is_known() {
            return Ok("# There is no inventory, and without one nothing is compiled.\n".to_owned());
        }
        Ok(found.unwrap_or_else(|| "# Nothing stands here that becomes an object.\n".to_owned()))
    }

    fn reach(&self, about: &About) -> Result<String, String> {
        let (program, file) = self.document(about)?;
        let desk = program.desk(file, self.site(program));
        let offset = self.offset(&desk, about).unwrap_or_default();
        match reach_page::page(&desk, offset, about.way) {
            Some(page) => Ok(page),
            None if program.whole.is_none() => Ok("The program is still being read.\n".to_owned()),
            None => Ok("No workload, namespace or address stands here.\n".to_owned()),
        }
    }

    fn document(&self, about: &About) -> Result<(&crate::program::Program, weir::source::FileId), String> {
        let found = self.find(&about.document);
        found.ok_or_else(|| format!("`{}` belongs to no program that is open", about.document.as_str()))
    }

    fn offset(&self, desk: &Desk<'_>, about: &About) -> Option<u32> {
        about.position.map(|position| Lines::new(desk.text(), self.encoding).offset(position))
    }
}

/// What the name of a page says that it is about.
fn about(uri: &Uri) -> Option<About> {
    let query = uri.query()?.as_str();
    let mut about =
        About { document: uri.clone(), position: None, way: Way::Incoming, target: None, whole: false };
    let mut is_told = false;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=')?;
        let value = percent_decode_str(value).decode_utf8().ok()?;
        match key {
            "of" => {
                about.document = value.parse().ok()?;
                is_told = true;
            }
            "at" => {
                let (line, character) = value.split_once('.')?;
                about.position = Some(Position::new(line.parse().ok()?, character.parse().ok()?));
            }
            "way" if value == "outgoing" => about.way = Way::Outgoing,
            "target" => about.target = Target::parse(&value),
            "whole" => about.whole = value == "true",
            _ => {}
        }
    }
    is_told.then_some(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_always_there() {
        let page = |uri: &str| State::default().page(&uri.parse().unwrap());
        assert!(page("weir:/errors/E0201.md").unwrap().starts_with("# E0201"));
        assert!(page("weir:/std/kubernetes.weir").unwrap().contains("export"));
        assert_eq!(page("weir:/errors/E9.md").unwrap_err(), "there is no document `weir:/errors/E9.md`");
        assert!(page("weir:/yaml/x").is_err());
    }

    #[test]
    fn names_say_what_pages_are_about() {
        let uri = "weir:/yaml/prod/cilium/a.weir.yaml?of=file%3A///a%2520b/a.weir&at=3.7&target=cilium";
        let about = about(&uri.parse().unwrap()).unwrap();
        assert_eq!(about.document.as_str(), "file:///a%20b/a.weir");
        assert_eq!((about.position, about.target), (Some(Position::new(3, 7)), Some(Target::Cilium)));
    }
}
