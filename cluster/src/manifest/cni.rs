//! What shows the cluster's network plugin: its agents, the ConfigMaps that set them up, Calico's Installation, and the
//! annotations of nodes. Only the namespaces of the plugins count: who may write these owns the cluster anyway, and a
//! tenant's `cilium` makes no network.

use std::net::IpAddr;

use serde::de::MapAccess;

use super::document::{Document, Place};
use super::loose::{Loose, Path, pick};
use super::object::{self, Container};
use super::record::sorted;
use super::scalar::Obj;
use crate::inventory::cni::{Evidence, Plugin, Sighting, SightingKind};
use crate::labels::Text;

/// A plugin's agent: the DaemonSet that runs on every node.
struct Agent {
    plugin: Plugin,
    /// The names of the DaemonSet, and the values of the labels that name it.
    names: &'static [&'static str],
    /// The ends of its images' repositories.
    images: &'static [&'static str],
    homes: &'static [&'static str],
}

const SYSTEM: &str = "kube-system";

const AGENTS: &[Agent] = &[
    Agent {
        plugin: Plugin::Cilium,
        names: &["cilium"],
        images: &["cilium/cilium"],
        homes: &[SYSTEM, "cilium", "cilium-system"],
    },
    Agent { plugin: Plugin::GkeDataplaneV2, names: &["anetd"], images: &[], homes: &[SYSTEM] },
    // Its image is Calico's.
    Agent { plugin: Plugin::Canal, names: &["canal", "rke2-canal"], images: &[], homes: &[SYSTEM] },
    Agent {
        plugin: Plugin::Calico,
        names: &["calico-node"],
        images: &["calico/node", "calico-node", "hardened-calico"],
        homes: &[SYSTEM, "calico-system"],
    },
    Agent {
        plugin: Plugin::Antrea,
        names: &["antrea-agent"],
        images: &["antrea-agent-ubuntu"],
        homes: &[SYSTEM],
    },
    Agent {
        plugin: Plugin::OvnKubernetes,
        names: &["ovnkube-node"],
        images: &[],
        homes: &["openshift-ovn-kubernetes", "ovn-kubernetes"],
    },
    Agent { plugin: Plugin::AzureNpm, names: &["azure-npm"], images: &["azure-npm"], homes: &[SYSTEM] },
    Agent {
        plugin: Plugin::KubeNetworkPolicies,
        names: &["kube-network-policies"],
        images: &["kube-network-policies"],
        homes: &[SYSTEM],
    },
    Agent { plugin: Plugin::WeaveNet, names: &["weave-net"], images: &["weave-kube"], homes: &[SYSTEM] },
    Agent { plugin: Plugin::KubeRouter, names: &["kube-router"], images: &["kube-router"], homes: &[SYSTEM] },
    Agent { plugin: Plugin::AwsVpcCni, names: &["aws-node"], images: &["amazon-k8s-cni"], homes: &[SYSTEM] },
    Agent { plugin: Plugin::Kindnet, names: &["kindnet"], images: &["kindnetd"], homes: &[SYSTEM] },
    Agent {
        plugin: Plugin::Flannel,
        names: &["kube-flannel-ds", "kube-flannel", "flannel"],
        images: &["flannel"],
        homes: &["kube-flannel", SYSTEM],
    },
];

/// The labels that name what an object belongs to.
const NAME_LABELS: &[&str] = &["k8s-app", "app", "app.kubernetes.io/name"];

/// A ConfigMap that sets up a plugin, and the keys that change what policies mean.
struct Settings {
    plugin: Plugin,
    name: &'static str,
    homes: &'static [&'static str],
    keys: &'static [&'static Path],
}

const NAME: &Path = &["metadata", "name"];
const NAMESPACE: &Path = &["metadata", "namespace"];

const CONFIG_MAPS: &[Settings] = &[
    Settings {
        plugin: Plugin::Cilium,
        name: "cilium-config",
        homes: &[SYSTEM, "cilium", "cilium-system"],
        keys: &[
            &["data", "allow-localhost"],
            &["data", "cluster-id"],
            &["data", "cluster-name"],
            &["data", "cni-chaining-mode"],
            &["data", "enable-host-firewall"],
            &["data", "enable-icmp-rules"],
            &["data", "enable-k8s-cluster-network-policy"],
            &["data", "enable-k8s-networkpolicy"],
            &["data", "enable-l7-proxy"],
            &["data", "enable-policy"],
            &["data", "enable-sctp"],
            &["data", "policy-audit-mode"],
            &["data", "policy-cidr-match-mode"],
            &["data", "policy-default-local-cluster"],
        ],
    },
    Settings {
        plugin: Plugin::AwsVpcCni,
        name: "amazon-vpc-cni",
        homes: &[SYSTEM],
        keys: &[&["data", "enable-network-policy-controller"]],
    },
];

const INSTALLATION: &[&Path] =
    &[NAME, &["spec", "variant"], &["spec", "cni", "type"], &["status", "calicoVersion"]];

/// The annotations with addresses that Calico gives a node of its own: traffic of other nodes comes from there.
pub(super) const CALICO_ADDRESSES: &[&str] = &[
    "projectcalico.org/IPv4IPIPTunnelAddr",
    "projectcalico.org/IPv4VXLANTunnelAddr",
    "projectcalico.org/IPv6VXLANTunnelAddr",
    "projectcalico.org/IPv4WireguardInterfaceAddr",
    "projectcalico.org/IPv6WireguardInterfaceAddr",
];

/// Notes a DaemonSet that is a plugin's agent.
pub(super) fn agent(place: &mut Place<'_, '_>, object: &object::DaemonSet<'_>) {
    let Some(Obj(metadata)) = &object.metadata else { return };
    let (Some(name), Some(home)) = (metadata.name.as_deref(), metadata.namespace.as_deref()) else { return };
    let template = object.spec.as_ref().and_then(|Obj(spec)| spec.template.as_ref());
    let pod = template.and_then(|Obj(template)| template.spec.as_ref());
    let containers: Vec<&Container<'_, Loose<'_>>> =
        pod.iter().flat_map(|Obj(pod)| pod.containers.iter().flatten()).map(|Obj(one)| one).collect();
    let labels = metadata.labels.iter().flat_map(|labels| &labels.0);
    let labelled: Vec<&str> =
        labels.filter(|(key, _)| NAME_LABELS.contains(&&**key)).map(|(_, value)| &**value).collect();
    let in_homes = || AGENTS.iter().filter(|agent| agent.homes.contains(&home));
    let runs = |agent: &&Agent| containers.iter().any(|one| agent.is_image(image(one)));
    let found = in_homes()
        .find(|agent| agent.names.contains(&name))
        .or_else(|| in_homes().find(|agent| agent.names.iter().any(|name| labelled.contains(name))))
        .or_else(|| in_homes().find(runs));
    let Some(found) = found else { return };
    // Of Canal the version is Calico's: it is what reads policies.
    let is_own = |one: &&Container<'_, Loose<'_>>| match found.plugin {
        Plugin::Canal => AGENTS.iter().any(|a| a.plugin == Plugin::Calico && a.is_image(image(one))),
        _ => found.is_image(image(one)),
    };
    let own = containers.iter().copied().find(is_own);
    let version = own.or(containers.first().copied()).and_then(|one| tag(image(one)));
    let mut settings: Vec<(&str, &str)> = Vec::new();
    if found.plugin == Plugin::AwsVpcCni {
        settings = aws_settings(&containers);
    }
    note(place, SightingKind::DaemonSet, found.plugin, (home, name), version, settings);
}

impl Agent {
    fn is_image(&self, image: &str) -> bool {
        let repository = repository(image);
        self.images.iter().any(|end| {
            repository.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    }
}

fn image<'a>(container: &'a Container<'_, Loose<'_>>) -> &'a str {
    container.image.as_ref().and_then(Loose::text).unwrap_or_default()
}

/// An image's name without digest and tag.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

/// The version that an image's tag names, without `v`.
fn tag(image: &str) -> Option<&str> {
    let (_, tag) = image.split('@').next()?.rsplit_once(':')?;
    let version = tag.strip_prefix('v').unwrap_or(tag);
    (!tag.contains('/') && version.starts_with(|c: char| c.is_ascii_digit())).then_some(version)
}

/// AWS's plugin leaves policies to an agent in a container of its own, which an argument switches on.
fn aws_settings<'a>(containers: &[&'a Container<'_, Loose<'_>>]) -> Vec<(&'static str, &'a str)> {
    const MODE: &str = "NETWORK_POLICY_ENFORCING_MODE";
    let is_agent = |one: &&&Container<'_, Loose<'_>>| {
        let name = one.name.as_ref().and_then(Loose::text);
        repository(image(one)).ends_with("/aws-network-policy-agent")
            || matches!(name, Some("aws-network-policy-agent" | "aws-eks-nodeagent"))
    };
    let agent = containers.iter().find(is_agent);
    let mut settings = vec![("aws-network-policy-agent", if agent.is_some() { "true" } else { "false" })];
    let words = agent.iter().flat_map(|one| one.args.iter().flatten());
    let mut enable = words.filter_map(|word| match word.strip_prefix("--enable-network-policy")? {
        "" => Some("true"),
        value => value.strip_prefix('='),
    });
    settings.extend(enable.next_back().map(|value| ("enable-network-policy", value)));
    let environment = containers.iter().flat_map(|one| one.env.iter().flat_map(|env| env.items()));
    let mode = environment.filter(|one| one.field("name") == Some(MODE)).find_map(|one| one.field("value"));
    settings.extend(mode.map(|mode| (MODE, mode)));
    settings
}

/// Reads a ConfigMap as far as it may set up a plugin. Others are counted, and nothing of them is kept.
pub(super) fn config_map<'de, A: MapAccess<'de>>(
    document: &mut Document<'_>,
    map: A,
) -> Result<(), A::Error> {
    let keys = CONFIG_MAPS.iter().flat_map(|settings| settings.keys);
    let paths: Vec<&'static Path> = [NAME, NAMESPACE].into_iter().chain(keys.copied()).collect();
    let picked = pick(map, &paths)?;
    let text = |wanted: &Path| picked.iter().find(|(path, _)| *path == wanted).map(|(_, text)| &**text);
    let (name, home) = (text(NAME).unwrap_or_default(), text(NAMESPACE).unwrap_or_default());
    let found = CONFIG_MAPS.iter().find(|map| map.name == name && map.homes.contains(&home));
    let Some(found) = found else {
        document.skip("ConfigMap");
        return Ok(());
    };
    let settings = found.keys.iter().filter_map(|path| Some((*path.last()?, text(path)?))).collect();
    let line = if document.lists == 0 { document.line } else { document.line_of(name) };
    let place = &mut Place { document, line };
    note(place, SightingKind::ConfigMap, found.plugin, (home, name), None, settings);
    Ok(())
}

/// Reads the Installation of Calico's operator, which stands in no namespace.
pub(super) fn installation<'de, A: MapAccess<'de>>(
    document: &mut Document<'_>,
    map: A,
) -> Result<(), A::Error> {
    let picked = pick(map, INSTALLATION)?;
    let text = |wanted: &Path| picked.iter().find(|(path, _)| *path == wanted).map(|(_, text)| &**text);
    let name = text(NAME).unwrap_or_default();
    let version = text(&["status", "calicoVersion"]).map(|text| text.strip_prefix('v').unwrap_or(text));
    let settings = [("cni.type", &["spec", "cni", "type"][..]), ("variant", &["spec", "variant"])];
    let settings = settings.into_iter().filter_map(|(key, path)| Some((key, text(path)?))).collect();
    let line = if document.lists == 0 { document.line } else { document.line_of(name) };
    let place = &mut Place { document, line };
    note(place, SightingKind::Installation, Plugin::Calico, ("", name), version, settings);
    Ok(())
}

/// The addresses that Calico gave a node, and that it runs there.
pub(super) fn node(place: &mut Place<'_, '_>, name: &str, annotations: &Loose<'_>) -> Vec<IpAddr> {
    let texts = CALICO_ADDRESSES.iter().filter_map(|key| annotations.field(key));
    let addresses: Vec<IpAddr> = texts.filter_map(|text| text.trim().parse().ok()).collect();
    if !addresses.is_empty() {
        note(place, SightingKind::Node, Plugin::Calico, ("", name), None, Vec::new());
    }
    addresses
}

fn note(
    place: &mut Place<'_, '_>,
    kind: SightingKind,
    plugin: Plugin,
    (namespace, name): (&str, &str),
    version: Option<&str>,
    settings: Vec<(&str, &str)>,
) {
    let origin = place.origin();
    let records = place.records();
    let settings = settings.into_iter().map(|(key, value)| (records.text(key), records.text(value)));
    let settings: Vec<(Text, Text)> = sorted(settings.collect());
    let (namespace, name) = (records.text(namespace), records.text(name));
    let version = version.map(|version| records.text(version));
    records.sightings.push(Sighting { kind, plugin, namespace, name, version, settings, origin });
}

/// All that was seen: the same object once, and of nodes the first.
pub(super) fn evidence(sightings: Vec<Sighting>) -> Evidence {
    let mut sightings = sorted(sightings);
    let is_node = |one: &Sighting| one.kind == SightingKind::Node;
    sightings.dedup_by(|later, first| is_node(later) && is_node(first) || later.tells_as(first));
    Evidence { sightings }
}
