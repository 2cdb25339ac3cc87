//! From the text of `weir.toml` to a [`Project`]. Reading never fails: what is wrong is a diagnostic at its place, and
//! the rest is read all the same.

mod cni;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use weir_grammar::Span;

use super::keys::{CLUSTER, DEFAULTS, Key, PROJECT, ROOT, Table};
use super::{Cluster, Level, Project, syntax, values};
use crate::codes::Code;
use crate::diagnostic::{self, Diagnostic, listed, printable, shortened};
use crate::resolve::names::nearest;
use crate::source::{FileId, Place};
use crate::target::{CalicoKind, Target};

/// What a `weir.toml` says, what is wrong with it, and where it says what only the command can judge.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    pub project: Project,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Where `target` of `[defaults]` stands.
    pub target: Option<Place>,
    /// Of each cluster of the project, in the same order.
    pub clusters: Vec<ClusterPlaces>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterPlaces {
    pub name: Place,
    /// Of each path of the inventory.
    pub inventory: Vec<Place>,
    pub target: Option<Place>,
}

/// Reads the text of a `weir.toml`, which `file` is in the sources.
pub fn parse(file: FileId, text: &str) -> Parsed {
    if u32::try_from(text.len()).is_err() {
        let said = Diagnostic::error(Code::E0701, "`weir.toml` is too large: 4 GiB and more");
        return Parsed { diagnostics: vec![said], ..Parsed::default() };
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { file, text, parsed: Parsed::default() };
    reader.file(root.get_ref());
    let mut parsed = reader.parsed;
    if !errors.is_empty() {
        let broken = syntax::broken(file, text, &errors);
        let end =
            |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| label.place.span.end as usize);
        parsed.diagnostics.retain(|diagnostic| end(diagnostic).is_some_and(|end| end <= broken.sound));
        parsed.diagnostics.extend(broken.diagnostics);
    }
    diagnostic::sort(&mut parsed.diagnostics);
    parsed
}

type Value<'t> = Spanned<DeValue<'t>>;

pub(super) struct Reader<'t> {
    file: FileId,
    text: &'t str,
    parsed: Parsed,
}

impl<'t> Reader<'t> {
    fn file(&mut self, root: &DeTable<'t>) {
        for (key, value) in root {
            match self.known(key, &ROOT, "", value) {
                Some("project") => self.project(value),
                Some("defaults") => self.defaults(value),
                Some("clusters") => self.clusters(value),
                Some("lints") => self.lints(value),
                _ => {}
            }
        }
    }

    fn project(&mut self, value: &Value<'t>) {
        let Some(table) = self.table(value, "project", "[project]") else { return };
        for (key, value) in table {
            match self.known(key, &PROJECT, "project", value) {
                Some("name") => {
                    let Some(name) = self.text(value, "name", PROJECT.key("name")) else { continue };
                    if name.is_empty() {
                        let said = self.wrong(value.span(), "the project's name is empty", "no name");
                        self.report(said.with_help("leave the line out, or give it a name"));
                    }
                    self.parsed.project.name = Some(name.to_owned());
                }
                Some("prelude") => match value.get_ref() {
                    DeValue::Boolean(prelude) => self.parsed.project.prelude = *prelude,
                    _ => self.mistyped(value, "prelude", "`true` or `false`", PROJECT.key("prelude")),
                },
                _ => {}
            }
        }
    }

    fn defaults(&mut self, value: &Value<'t>) {
        let Some(table) = self.table(value, "defaults", "[defaults]") else { return };
        for (key, value) in table {
            match self.known(key, &DEFAULTS, "defaults", value) {
                Some("target") => {
                    self.parsed.project.target = self.target(value);
                    self.parsed.target = Some(self.place(value.span()));
                }
                Some("priorities") => self.parsed.project.priorities = self.priorities(value),
                Some("calico-kind") => self.parsed.project.calico = self.calico_kind(value),
                _ => {}
            }
        }
    }

    fn clusters(&mut self, value: &Value<'t>) {
        let Some(table) = self.table(value, "clusters", "[clusters.prod-eu]") else { return };
        for (key, value) in table {
            let name = key.get_ref();
            if let Err((why, instead)) = values::cluster_name(name) {
                let word = shortened(&printable(name));
                let message = match name.is_empty() {
                    true => "a cluster without a name".to_owned(),
                    false => format!("`{word}` cannot be the name of a cluster"),
                };
                let said = self.wrong(key.span(), message, why);
                let said = said.with_note("what is built for a cluster is in a folder of its name");
                self.report(match instead {
                    Some(instead) => said.with_help(format!("call it `{instead}`")).suggest(
                        "a name that fits",
                        self.place(key.span()),
                        instead,
                    ),
                    None => said,
                });
            }
            let word = shortened(&printable(name));
            let Some(table) = self.table(value, &format!("clusters.{word}"), "[clusters.prod-eu]") else {
                continue;
            };
            let mut places =
                ClusterPlaces { name: self.place(key.span()), inventory: Vec::new(), target: None };
            let cluster = self.cluster(name, table, &mut places);
            self.parsed.project.clusters.push(cluster);
            self.parsed.clusters.push(places);
        }
    }

    fn cluster(&mut self, name: &str, table: &DeTable<'t>, places: &mut ClusterPlaces) -> Cluster {
        let mut cluster = Cluster { name: name.to_owned(), ..Cluster::default() };
        let path = format!("clusters.{}", shortened(&printable(name)));
        for (key, value) in table {
            match self.known(key, &CLUSTER, &path, value) {
                Some("inventory") => {
                    for (path, place) in self.texts(value, "inventory") {
                        self.path(&path, place);
                        cluster.inventory.push(path);
                        places.inventory.push(place);
                    }
                }
                Some("target") => {
                    cluster.target = self.target(value);
                    places.target = Some(self.place(value.span()));
                }
                Some("priorities") => cluster.priorities = self.priorities(value),
                Some("calico-kind") => cluster.calico = self.calico_kind(value),
                Some("labels") => self.labels(value, &mut cluster),
                Some("pods") => cluster.pods = self.ranges(value, "pods"),
                Some("services") => cluster.services = self.ranges(value, "services"),
                Some("cni") => {
                    let path = format!("{path}.cni");
                    if let Some(table) = self.table(value, &path, "cni = { name = \"cilium\" }") {
                        cluster.cni = self.cni(table, &path);
                    }
                }
                _ => {}
            }
        }
        cluster
    }

    /// Two numbers, the first and the last.
    fn priorities(&mut self, value: &Value<'t>) -> Option<(u16, u16)> {
        let number = |item: &Value<'t>| match item.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let ends: Option<Vec<i64>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(number).collect(),
            _ => None,
        };
        let Some([first, last]) = ends.as_deref() else {
            self.mistyped(value, "priorities", "a list of two numbers", DEFAULTS.key("priorities"));
            return None;
        };
        match values::priorities(*first, *last) {
            Ok(priorities) => Some(priorities),
            Err(fault) => {
                let said = self.wrong(value.span(), "these are no priorities", fault.why);
                let said = match fault.instead {
                    Some((first, last)) => said.with_help(format!("write `[{first}, {last}]`")).suggest(
                        "a range that fits",
                        self.place(value.span()),
                        format!("[{first}, {last}]"),
                    ),
                    None => said,
                };
                self.report(
                    said.with_note("each ClusterNetworkPolicy has one of them, from the first to the last"),
                );
                None
            }
        }
    }

    fn path(&mut self, path: &str, place: Place) {
        let why = match path {
            "" => "an empty path",
            "-" => "standard input is no file of the project",
            _ => return,
        };
        let said = Diagnostic::error(Code::E0703, "this is no file or folder of the inventory");
        self.report(
            said.at(place, why)
                .with_help("paths are relative to the folder of `weir.toml`; `-i -` is standard input"),
        );
    }

    fn labels(&mut self, value: &Value<'t>, cluster: &mut Cluster) {
        let Some(table) = self.table(value, "labels", "labels = { env = \"prod\" }") else { return };
        for (key, value) in table {
            let name = key.get_ref();
            let word = shortened(&printable(name));
            if let Some(why) = weir_grammar::label::key_fault(name) {
                let said = self.wrong(key.span(), format!("`{word}` is no key of a label"), why);
                self.report(said);
            }
            let DeValue::String(text) = value.get_ref() else {
                let said = self.wrong(
                    value.span(),
                    format!("the label `{word}` has to be a text"),
                    format!("this is {}", kind(value.get_ref())),
                );
                let said = match value.get_ref() {
                    DeValue::Array(_) | DeValue::Table(_) => said,
                    _ => self.in_quotes(said, value),
                };
                self.report(said);
                continue;
            };
            if let Some(why) = weir_grammar::label::value_fault(text) {
                let text = shortened(&printable(text));
                let said = self.wrong(value.span(), format!("`{text}` is no value of a label"), why);
                self.report(said);
            }
            cluster.labels.insert(name.to_string(), text.to_string());
        }
    }

    fn ranges(&mut self, value: &Value<'t>, name: &'static str) -> Vec<ipnet::IpNet> {
        let mut ranges = Vec::new();
        for (text, place) in self.texts(value, name) {
            match values::range(&text) {
                Ok(range) => ranges.push(range),
                Err(fault) => {
                    let word = shortened(&printable(&text));
                    let mut said =
                        Diagnostic::error(Code::E0703, format!("`{word}` is no range of addresses"))
                            .at(place, fault.why);
                    for (what, instead) in fault.instead {
                        said = said.with_help(format!("write `{instead}` for {what}")).suggest(
                            what,
                            place,
                            format!("\"{instead}\""),
                        );
                    }
                    self.report(said);
                }
            }
        }
        ranges
    }

    fn lints(&mut self, value: &Value<'t>) {
        let Some(table) = self.table(value, "lints", "[lints]") else { return };
        let mut seen: Vec<(Code, &Spanned<std::borrow::Cow<'t, str>>)> = Vec::new();
        for (key, value) in table {
            let name = key.get_ref();
            let word = shortened(&printable(name));
            let level = match value.get_ref() {
                DeValue::String(text) => Level::parse(text),
                _ => None,
            };
            if level.is_none() {
                let found = shortened(&printable(&self.text[value.span()]));
                let said = self.wrong(value.span(), format!("`{found}` is no level"), "expected a level");
                self.report(said.with_help(format!(
                    "`\"allow\"` for silence, `\"warn\"` for a warning, or `\"deny\"` for an error: `{word} = \"warn\"`"
                )));
            }
            let Some(code) = Code::parse_lint(name).filter(|code| code.lint().is_some()) else {
                self.unknown_lint(key);
                continue;
            };
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == code) {
                let first_word = shortened(&printable(first.get_ref()));
                let said = self
                    .wrong(
                        key.span(),
                        format!("`{word}` and `{first_word}` are one lint"),
                        "the second level",
                    )
                    .at(self.place(first.span()), "the first level");
                self.report(said.with_help("keep one of the two lines"));
            }
            seen.push((code, key));
            if let Some(level) = level {
                self.parsed.project.lints.insert(code, level);
            }
        }
    }

    fn unknown_lint(&mut self, key: &Spanned<std::borrow::Cow<'t, str>>) {
        let name = key.get_ref().as_ref();
        let word = shortened(&printable(name));
        let place = self.place(key.span());
        if let Some(code) = Code::parse(name) {
            let said = match code.lint() {
                Some(_) => self
                    .wrong(key.span(), format!("there is no lint `{word}`"), "codes are in capitals")
                    .with_help(format!("write `{}`", code.name()))
                    .suggest(format!("`{}`", code.name()), place, code.name()),
                None => self
                    .wrong(key.span(), format!("`{word}` is no lint"), "an error")
                    .with_note("what is an error makes no sound output; it has no level"),
            };
            return self.report(said);
        }
        let names: Vec<&str> =
            Code::ALL.iter().filter_map(|code| code.lint()).map(|(name, _)| name).collect();
        let said = self.wrong(key.span(), format!("there is no lint `{word}`"), "unknown");
        let said = match nearest(name, names.iter().copied()) {
            near if near.is_empty() => said.with_help("`weir explain` lists the lints with their names"),
            near => with_nearest(said, place, &near),
        };
        self.report(said);
    }

    fn target(&mut self, value: &Value<'t>) -> Option<Target> {
        let name = self.text(value, "target", DEFAULTS.key("target"))?;
        let target = Target::parse(name);
        if target.is_none() {
            let names: Vec<&str> = Target::ALL.iter().map(|target| target.name()).collect();
            self.unknown(value, name, "target", &names);
        }
        target
    }

    fn calico_kind(&mut self, value: &Value<'t>) -> Option<CalicoKind> {
        let name = self.text(value, "calico-kind", DEFAULTS.key("calico-kind"))?;
        let kind = CalicoKind::parse(name);
        if kind.is_none() {
            let names: Vec<&str> = CalicoKind::ALL.iter().map(|kind| kind.name()).collect();
            self.unknown(value, name, "kind", &names);
        }
        kind
    }

    /// A word that is none of those that there are.
    fn unknown(&mut self, value: &Value<'t>, name: &str, what: &str, names: &[&str]) {
        let message = format!("there is no {what} `{}`", shortened(&printable(name)));
        self.unknown_word(value, name, message, names, format!("{what}s are {}", listed(names, "and")));
    }

    /// The same in other words, with the nearest of those that there are.
    fn unknown_word(&mut self, value: &Value<'t>, word: &str, message: String, words: &[&str], all: String) {
        let said = self.wrong(value.span(), message, "unknown");
        let place = self.place(value.span());
        let near = nearest(&word.to_lowercase(), words.iter().copied());
        let said = match near.first() {
            None => said,
            Some(near) => said.with_help(format!("did you mean `{near}`?")).suggest(
                format!("`{near}`"),
                place,
                format!("\"{near}\""),
            ),
        };
        self.report(said.with_help(all));
    }

    /// The name of a key that the table at `path` has. Any other is reported.
    fn known(
        &mut self,
        key: &Spanned<std::borrow::Cow<'t, str>>,
        table: &Table,
        path: &str,
        value: &Value<'t>,
    ) -> Option<&'static str> {
        let name = key.get_ref().as_ref();
        if let Some(key) = table.key(name) {
            return Some(key.name);
        }
        let word = shortened(&printable(name));
        let place = self.place(key.span());
        let said = match path {
            "" => self.wrong(key.span(), format!("`{word}` is no table of `weir.toml`"), "unknown"),
            path => self.wrong(key.span(), format!("`{word}` is no key of `[{path}]`"), "unknown"),
        };
        let names: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
        let elsewhere = super::TABLES.iter().find(|table| table.key(name).is_some());
        let said = match (nearest(name, names.iter().copied()), elsewhere) {
            (near, _) if !near.is_empty() => with_nearest(said, place, &near),
            (_, Some(home)) if home.path.is_empty() => {
                said.with_help(format!("`[{word}]` is a table of its own, not part of this one"))
            }
            (_, Some(home)) => {
                said.with_help(format!("it belongs below `[{}]`", home.path.replace('*', "NAME")))
            }
            // `[clusters.prod.eu]` is a table in a table.
            (_, None) if *table == CLUSTER && matches!(value.get_ref(), DeValue::Table(_)) => {
                said.with_help("the name of a cluster has no `.`: write `[clusters.prod-eu]`")
            }
            _ if table.path.is_empty() => said.with_help(format!("its tables are {}", listed(&names, "and"))),
            _ => said.with_help(format!("its keys are {}", listed(&names, "and"))),
        };
        self.report(said);
        None
    }

    fn table<'v>(&mut self, value: &'v Value<'t>, name: &str, example: &str) -> Option<&'v DeTable<'t>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        let said = self.wrong(
            value.span(),
            format!("`{name}` has to be a table"),
            format!("this is {}", kind(value.get_ref())),
        );
        self.report(said.with_help(format!("write `{example}`")));
        None
    }

    fn text<'v>(&mut self, value: &'v Value<'t>, name: &str, key: Option<&Key>) -> Option<&'v str> {
        match value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => {
                self.mistyped(value, name, "a text", key);
                None
            }
        }
    }

    /// The texts of a list that is not empty, with their places.
    fn texts(&mut self, value: &Value<'t>, name: &'static str) -> Vec<(String, Place)> {
        let DeValue::Array(items) = value.get_ref() else {
            let said = self.wrong(
                value.span(),
                format!("`{name}` has to be a list of texts"),
                format!("this is {}", kind(value.get_ref())),
            );
            let said = match value.get_ref() {
                DeValue::String(_) => {
                    let list = format!("[{}]", &self.text[value.span()]);
                    said.with_help(format!("write `{name} = {}`", shortened(&printable(&list)))).suggest(
                        "a list of one",
                        self.place(value.span()),
                        list,
                    )
                }
                _ => match CLUSTER.key(name) {
                    Some(key) => said.with_help(format!("write `{}`", key.example)),
                    None => said,
                },
            };
            self.report(said);
            return Vec::new();
        };
        if items.is_empty() {
            let said = self.wrong(value.span(), format!("`{name}` is empty"), "nothing is listed");
            self.report(said.with_help("leave the line out, or fill the list"));
        }
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => texts.push((text.to_string(), self.place(item.span()))),
                other => {
                    let said = self.wrong(
                        item.span(),
                        format!("`{name}` is a list of texts"),
                        format!("this is {}", kind(other)),
                    );
                    let said = match other {
                        DeValue::Array(_) | DeValue::Table(_) => said,
                        _ => self.in_quotes(said, item),
                    };
                    self.report(said);
                }
            }
        }
        texts
    }

    fn mistyped(&mut self, value: &Value<'t>, name: &str, wanted: &str, key: Option<&Key>) {
        let said = self.wrong(
            value.span(),
            format!("`{name}` has to be {wanted}"),
            format!("this is {}", kind(value.get_ref())),
        );
        let said = match key {
            Some(key) => said.with_help(format!("write `{}`", key.example)),
            None => said,
        };
        self.report(said);
    }

    fn in_quotes(&self, said: Diagnostic, value: &Value<'t>) -> Diagnostic {
        let raw = format!("\"{}\"", &self.text[value.span()]);
        said.with_help(format!("put it in quotes: `{}`", shortened(&printable(&raw)))).suggest(
            "put it in quotes",
            self.place(value.span()),
            raw,
        )
    }

    fn wrong(
        &self,
        span: std::ops::Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(Code::E0703, message).at(self.place(span), label)
    }

    fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place { file: self.file, span: Span::new(span.start, span.end) }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.parsed.diagnostics.push(diagnostic);
    }
}

fn with_nearest(said: Diagnostic, place: Place, near: &[String]) -> Diagnostic {
    let said = said.with_help(format!("did you mean {}?", listed(near, "or")));
    near.iter().fold(said, |said, name| said.suggest(format!("`{name}`"), place, name.clone()))
}

/// What a value is, in words.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(items) if items.iter().any(|item| matches!(item.get_ref(), DeValue::Table(_))) => {
            "a list of tables"
        }
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
