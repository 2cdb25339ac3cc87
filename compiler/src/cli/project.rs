//! Projects: the `weir.toml` here or above, the program below its folder, and the clusters that are asked for.

use std::env;
use std::path::{Path, PathBuf};

use weir::diagnostic::{Diagnostic, listed};
use weir::project::{ClusterPlaces, Parsed, parse};
use weir::target::Options;
use weir::{Cluster, Project, Sources, Target};

use super::args::InputArguments;
use super::files::{self, SETTINGS, unreadable, usage};
use super::input::{self, Failure, Input, InventoryPath, Job, Text};

/// The `weir.toml` that the paths of a command mean; `None` where they are a program of files alone.
pub fn find(paths: &[PathBuf]) -> Result<Option<PathBuf>, Failure> {
    let Some((first, rest)) = paths.split_first() else {
        return above().map(Some).ok_or_else(|| {
            usage("there is no `weir.toml` here or above")
                .with_help("name the program: `weir check shop.weir -i manifests/`")
                .with_help("or make this folder a project with a `weir.toml`")
                .into()
        });
    };
    match (settings(first), rest.iter().find(|path| settings(path).is_some())) {
        (Some(file), None) if rest.is_empty() => Ok(Some(file)),
        (None, None) => Ok(None),
        (_, other) => {
            let path = other.unwrap_or(first);
            let said = usage(format!("`{}` is a project, and stands alone", path.display()));
            Err(said.with_help("give one project, or the files of a program").into())
        }
    }
}

fn settings(path: &Path) -> Option<PathBuf> {
    if path.file_name().is_some_and(|name| name == SETTINGS) {
        return Some(path.to_path_buf());
    }
    Some(path.join(SETTINGS)).filter(|file| file.is_file())
}

/// The `weir.toml` of the nearest folder that has one, as a path from here.
fn above() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    let mut way = PathBuf::new();
    for _ in here.ancestors() {
        let file = way.join(SETTINGS);
        if file.is_file() {
            return Some(file);
        }
        way.push("..");
    }
    None
}

/// Reads a project: its settings, its program, and the clusters that are chosen.
pub fn read(arguments: &InputArguments, file: &Path) -> Result<Input, Failure> {
    read_parts(arguments, file, true)
}

/// The same without the program.
pub fn read_clusters(arguments: &InputArguments, file: &Path) -> Result<Input, Failure> {
    read_parts(arguments, file, false)
}

fn read_parts(arguments: &InputArguments, file: &Path, with_program: bool) -> Result<Input, Failure> {
    let text = files::read_text(file)?;
    let mut sources = Sources::new();
    let id = sources.add_settings(SETTINGS, file.display().to_string(), text);
    let Parsed { project, diagnostics, clusters, .. } = parse(id, &sources.get(id).text);
    if !diagnostics.is_empty() {
        return Err(Failure { sources, diagnostics });
    }
    if project.prelude {
        sources.add_prelude();
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let chosen = match choose(arguments, &project, &clusters, folder) {
        Ok(chosen) => chosen,
        Err(diagnostics) => return Err(Failure { sources, diagnostics }),
    };
    let mut input = Input::new(arguments, sources, Some(project), chosen);
    let errors = if with_program { input.add(read_program(folder)) } else { Vec::new() };
    input.or_failure(errors)
}

/// Every `.weir` file below the folder, but for hidden ones and those of projects within it.
fn read_program(folder: &Path) -> (Vec<Text>, Vec<Diagnostic>) {
    let walked = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let found = match files::below(walked, &files::is_program, &files::is_same_project) {
        Ok(found) => found,
        Err((path, error)) => return (Vec::new(), vec![unreadable(&path, &error)]),
    };
    let mut errors = Vec::new();
    if found.is_empty() {
        let said = usage(format!("there is no `.weir` file in the project's folder, `{}`", walked.display()));
        errors
            .push(said.with_help("its program is every `.weir` file in the folder of `weir.toml` and below"));
    }
    let mut texts = Vec::new();
    for path in found {
        let within = path.strip_prefix(walked).unwrap_or(&path);
        match files::read_text(&path) {
            Ok(text) => {
                let shown = folder.join(within).display().to_string();
                texts.push((files::name_of(within), shown, text));
            }
            Err(said) => errors.push(*said),
        }
    }
    (texts, errors)
}

/// The clusters that `-c` names, all of them without it, with the inventory that `-i` gives in the place of theirs.
fn choose(
    arguments: &InputArguments,
    project: &Project,
    places: &[ClusterPlaces],
    folder: &Path,
) -> Result<Vec<Job>, Vec<Diagnostic>> {
    let names: Vec<&str> = project.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let mut errors = Vec::new();
    for pattern in &arguments.cluster {
        if !names.iter().any(|name| matches(pattern, name)) {
            errors.push(unknown_cluster(pattern, &names));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let asked = |name: &str| {
        arguments.cluster.is_empty() || arguments.cluster.iter().any(|pattern| matches(pattern, name))
    };
    let chosen: Vec<(&Cluster, &ClusterPlaces)> =
        project.clusters.iter().zip(places).filter(|(cluster, _)| asked(&cluster.name)).collect();
    let target = |cluster: &Cluster| match arguments.target {
        Some(target) => target.0,
        None => cluster.target.or(project.target).unwrap_or(Target::NetworkPolicy),
    };
    let options = |cluster: &Cluster| {
        let told = Options::of(Some(project), cluster);
        Options { calico: arguments.calico_kind.map_or(told.calico, |kind| kind.0), ..told }
    };
    if chosen.is_empty() && !arguments.inventory.is_empty() {
        // A project that leaves its cluster to the command line.
        let cluster = Cluster::default();
        let (target, options) = (target(&cluster), options(&cluster));
        let inventory = input::given(&arguments.inventory);
        return Ok(vec![Job { cluster, target, options, inventory }]);
    }
    if chosen.is_empty() {
        let said = usage("the project has no cluster, and no inventory is given");
        return Err(vec![
            said.with_help(
                "add a cluster to `weir.toml`: `[clusters.prod]` with `inventory = [\"manifests/\"]`",
            )
            .with_help("or name the cluster's manifests with `-i PATH`"),
        ]);
    }
    if !arguments.inventory.is_empty() && chosen.len() > 1 {
        let names: Vec<&str> = chosen.iter().map(|(cluster, _)| cluster.name.as_str()).collect();
        let said = usage(format!("`-i` is the inventory of one cluster, and here are {}", chosen.len()));
        return Err(vec![said.with_help(format!("choose one with `-c`: {}", listed(&names, "or")))]);
    }
    let mut jobs = Vec::new();
    for (cluster, places) in chosen {
        let inventory: Vec<InventoryPath> = if arguments.inventory.is_empty() {
            let paths = cluster.inventory.iter().zip(&places.inventory);
            paths
                .map(|(path, place)| InventoryPath { path: folder.join(path), place: Some(*place) })
                .collect()
        } else {
            input::given(&arguments.inventory)
        };
        if inventory.is_empty() {
            let said = usage(format!("the cluster `{}` has no inventory", cluster.name));
            errors.push(
                said.at(places.name, "has no `inventory`")
                    .with_help("write `inventory = [\"manifests/\"]`, relative to the folder of `weir.toml`")
                    .with_help("or name its manifests with `-i PATH`"),
            );
        }
        let (target, options) = (target(cluster), options(cluster));
        jobs.push(Job { cluster: cluster.clone(), target, options, inventory });
    }
    if errors.is_empty() { Ok(jobs) } else { Err(errors) }
}

fn unknown_cluster(pattern: &str, names: &[&str]) -> Diagnostic {
    let said = match pattern.contains('*') {
        true => usage(format!("no cluster of the project matches `{pattern}`")),
        false => usage(format!("the project has no cluster `{pattern}`")),
    };
    match names {
        [] => said.with_help("clusters are tables of `weir.toml`, such as `[clusters.prod]`"),
        names => said.with_help(format!("its clusters are {}", listed(names, "and"))),
    }
}

/// Whether a name is what a pattern says; `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, name) in [
            ("a", "a"),
            ("*", "a"),
            ("prod-*", "prod-eu"),
            ("*-eu", "prod-eu"),
            ("p*d*e*", "prod-eu"),
            ("**", "x"),
            ("prod*", "prod"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("a", "ab"), ("", "a"), ("prod-*", "prod"), ("a*a", "a"), ("*b*b", "ab"), ("b*", "ab")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
