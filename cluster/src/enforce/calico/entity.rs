//! The source or the destination of a rule: whom it is about, and which of their ports. What a rule has to say about
//! both ends together is not here.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::fields::{Fields, Port, port};
use super::selector::Selector;
use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::syntax;
use crate::enforce::read::tree::{Node, Value};
use crate::labels::Text;

/// One end of a rule. All that is given has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Entity {
    pub whom: Whom,
    /// None of them means every port.
    pub ports: Vec<Port>,
    pub not_ports: Vec<Port>,
}

/// The endpoints and addresses at one end of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Whom {
    /// None of them means every address.
    pub nets: Vec<IpNet>,
    pub not_nets: Vec<IpNet>,
    pub selector: Option<Selector>,
    pub not_selector: Option<Selector>,
    pub namespaces: Option<Selector>,
    pub accounts: Option<Accounts>,
    /// The endpoints of a service.
    pub service: Option<Service>,
}

/// Service accounts that pods run as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Accounts {
    /// None of them means every name.
    pub names: BTreeSet<Text>,
    /// By the labels of the accounts.
    pub selector: Option<Selector>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Service {
    pub namespace: Option<Text>,
    pub name: Text,
}

impl Whom {
    /// Whether endpoints have to be selected, so that the namespace of the policy counts.
    pub(super) fn selects(&self) -> bool {
        self.selector.is_some()
            || self.not_selector.is_some()
            || self.namespaces.is_some()
            || self.accounts.is_some()
    }

    /// Whether it says of what there is which is meant, and not of what there is which is not.
    pub(super) fn selects_some(&self) -> bool {
        self.selector.is_some() || self.namespaces.is_some() || self.accounts.is_some()
    }
}

pub(super) fn entity(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Entity> {
    const FIELDS: [&str; 9] = [
        "nets",
        "notNets",
        "selector",
        "notSelector",
        "namespaceSelector",
        "serviceAccounts",
        "services",
        "ports",
        "notPorts",
    ];
    let before = decoder.errors.len();
    let entries = decoder.fields(node, path, &FIELDS)?;
    let fields = Fields { entries: &entries, path };
    let namespaces = fields.selector(decoder, "namespaceSelector");
    if let Some(selector) = &namespaces
        && selector.is_global_anywhere()
        && *selector != Selector::Global
        && let Some((node, path)) = fields.get("namespaceSelector")
    {
        decoder.error(node.line, path, "`global()` may not stand beside another expression: write it alone");
    }
    let whom = Whom {
        nets: nets(decoder, fields, "nets"),
        not_nets: nets(decoder, fields, "notNets"),
        selector: fields.local_selector(decoder, "selector"),
        not_selector: fields.selector(decoder, "notSelector"),
        namespaces,
        accounts: accounts(decoder, fields),
        service: service(decoder, fields),
    };
    let entity = Entity {
        whom,
        ports: ports(decoder, fields, "ports"),
        not_ports: ports(decoder, fields, "notPorts"),
    };
    if entity.whom.service.is_some() {
        alone(decoder, fields);
    }
    (decoder.errors.len() == before).then_some(entity)
}

fn nets(decoder: &mut Decoder, fields: Fields<'_, '_>, name: &'static str) -> Vec<IpNet> {
    let mut found = Vec::new();
    fields.each(decoder, name, |decoder, node, path| {
        let Some(text) = decoder.string(node, path) else { return };
        match syntax::parse_cidr(text) {
            Ok(net) if name == "notNets" && net.prefix_len() == 0 => {
                let message =
                    format!("`{net}` leaves no address that the rule could match: leave the rule out");
                decoder.error(node.line, path, message);
            }
            Ok(net) => found.push(net),
            Err(message) => decoder.error(node.line, path, message),
        }
    });
    found.sort_unstable();
    found.dedup();
    found
}

fn ports(decoder: &mut Decoder, fields: Fields<'_, '_>, name: &'static str) -> Vec<Port> {
    let mut found = Vec::new();
    fields.each(decoder, name, |decoder, node, path| found.extend(port(decoder, node, path)));
    found.sort_unstable();
    found.dedup();
    found
}

fn accounts(decoder: &mut Decoder, fields: Fields<'_, '_>) -> Option<Accounts> {
    let (node, path) = fields.get("serviceAccounts")?;
    let entries = decoder.fields(node, path, &["names", "selector"])?;
    let fields = Fields { entries: &entries, path };
    let names = fields.get("names").map(|(node, path)| decoder.strings(node, path)).unwrap_or_default();
    if let Some(name) = names.iter().find(|name| name.contains('\'')) {
        decoder.error(node.line, path.field("names"), format!("`{name}` is no name of a service account"));
    }
    let names: BTreeSet<Text> = names.into_iter().map(Text::from).collect();
    let selector = fields.selector(decoder, "selector");
    (!names.is_empty() || selector.is_some()).then_some(Accounts { names, selector })
}

fn service(decoder: &mut Decoder, fields: Fields<'_, '_>) -> Option<Service> {
    let (node, path) = fields.get("services")?;
    let entries = decoder.fields(node, path, &["name", "namespace"])?;
    let fields = Fields { entries: &entries, path };
    let name = fields.text(decoder, "name");
    if name.is_empty() {
        decoder.error(node.line, path.field("name"), "a service has to be named");
    }
    let namespace = fields.text(decoder, "namespace");
    Some(Service {
        namespace: (!namespace.is_empty()).then(|| Text::from(namespace)),
        name: Text::from(name),
    })
}

/// Nothing that says whom in another way may stand beside a service.
fn alone(decoder: &mut Decoder, fields: Fields<'_, '_>) {
    const OTHERS: [&str; 6] =
        ["nets", "notNets", "selector", "notSelector", "namespaceSelector", "serviceAccounts"];
    for name in OTHERS {
        let Some((node, path)) = fields.get(name) else { continue };
        let empty = match &node.value {
            Value::Scalar(_, text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(_) => false,
        };
        if !empty {
            decoder.error(
                node.line,
                path,
                format!("`{name}` may not stand beside `services`: write two rules"),
            );
        }
    }
}
