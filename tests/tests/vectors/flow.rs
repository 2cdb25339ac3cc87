//! The flow of a vector: who opens a connection to whom, and what is sent. Finds the points and atoms of a space that
//! stand for it. Gives no verdict.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use weir_cluster::Inventory;
use weir_cluster::flow::{
    Boundaries, Carrier, Filter, HttpRequest, Payload, PodPoint, Point, PortRange, Space,
};
use weir_cluster::inventory::{ClassId, ContainerPort, Protocol};
use weir_cluster::labels::{Labels, NAMESPACE_NAME, Text};

pub struct Flow {
    from: End,
    to: End,
    sent: PortRange,
    http: Option<HttpRequest>,
}

/// One end of a flow.
enum End {
    /// The endpoint classes of a workload.
    Workload {
        name: String,
        classes: Vec<ClassId>,
    },
    Network(IpNet),
    /// A host name in lower case.
    Host(Text),
    /// A pod that the inventory does not have.
    New(Box<PodPoint>),
}

fn text(value: &Value) -> Option<Text> {
    value.as_str().map(Text::from)
}

fn pairs(value: &Value) -> Vec<(Text, Text)> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((Text::from(key.as_str()), text(value)?))).collect()
}

impl Flow {
    pub fn parse(value: &Value, inventory: &Inventory) -> Result<Flow, String> {
        let end = |name: &str| end(&value[name], inventory).map_err(|why| format!("`{name}`: {why}"));
        Ok(Flow { from: end("from")?, to: end("to")?, sent: sent(value)?, http: http(&value["http"])? })
    }

    /// At which a space has to be cut to hold this flow and no other.
    pub fn boundaries(&self) -> Boundaries {
        let mut found = Boundaries { ports: vec![self.sent], ..Boundaries::default() };
        for end in [&self.from, &self.to] {
            match end {
                End::Network(net) => found.cidrs.push(*net),
                End::Host(host) => found.hosts.push(exactly(host)),
                End::Workload { .. } | End::New(_) => {}
            }
        }
        if let Some(request) = &self.http {
            let filter = Filter::Http {
                method: Some(exactly(&request.method)),
                path: Some(exactly(&request.path)),
                host: Some(exactly(&request.host)),
                headers: (request.headers.iter())
                    .map(|(name, value)| (name.clone(), Some(value.clone())))
                    .collect(),
            };
            found.filters.push((self.sent, filter));
        }
        found
    }

    pub fn new_pods(&self) -> Vec<PodPoint> {
        let new = |end: &End| match end {
            End::New(pod) => Some(PodPoint::clone(pod)),
            End::Workload { .. } | End::Network(_) | End::Host(_) => None,
        };
        [&self.from, &self.to].into_iter().filter_map(new).collect()
    }

    /// All that the flow stands for in a space: sources, destinations and atoms.
    pub fn among(&self, space: &Space, inventory: &Inventory) -> Result<Vec<(usize, usize, usize)>, String> {
        let sources = self.from.points(space).map_err(|why| format!("`from`: {why}"))?;
        let destinations = self.to.points(space).map_err(|why| format!("`to`: {why}"))?;
        let atoms: Vec<usize> = (space.ports.of(self.sent).iter())
            .map(|atom| atom as usize)
            .filter(|&atom| match (&self.http, space.ports.payload(atom)) {
                (None, payload) => payload.is_none(),
                (Some(asked), Some(Payload::Http(request))) => asked == request,
                (Some(_), _) => false,
            })
            .collect();
        if atoms.is_empty() {
            return Err(format!("nothing in the space is {:?} with {:?}", self.sent, self.http));
        }
        let mut flows = Vec::new();
        for &source in &sources {
            for &destination in &destinations {
                let ends = [source, destination].map(|end| &space.points[end]);
                if ends.iter().all(|end| matches!(end, Point::Address(_))) {
                    return Err("no policy is about flows between two addresses".to_owned());
                }
                if let [Point::Pod(from), Point::Pod(to)] = ends
                    && from.class.is_some_and(|class| {
                        to.class == Some(class) && inventory.classes[class.index()].pods == 1
                    })
                {
                    return Err("no policy is about what a pod sends to itself".to_owned());
                }
                flows.extend(atoms.iter().map(|&atom| (source, destination, atom)));
            }
        }
        Ok(flows)
    }
}

/// A pattern that only this text matches.
fn exactly(text: &str) -> Text {
    Text::from(regex::escape(text))
}

fn end(value: &Value, inventory: &Inventory) -> Result<End, String> {
    let Some(name) = value.as_str() else { return new_pod(value, inventory) };
    if let Ok(net) = name.parse::<IpNet>() {
        return Ok(End::Network(net.trunc()));
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(End::Network(IpNet::from(address)));
    }
    let Some((namespace, workload)) = name.split_once('/') else {
        return Ok(End::Host(Text::from(name.to_ascii_lowercase())));
    };
    let known = inventory.workloads.iter().filter(|one| {
        inventory.namespaces[one.namespace.index()].name.as_ref() == namespace
            && one.name.as_ref() == workload
    });
    let mut classes = Vec::new();
    for workload in known {
        if workload.host_network {
            return Err(format!("`{name}` is on the host's network: write the address of its node"));
        }
        classes.extend(&workload.classes);
    }
    if classes.is_empty() {
        return Err(format!("the inventory has no pods of a workload `{name}`"));
    }
    Ok(End::Workload { name: name.to_owned(), classes })
}

fn new_pod(value: &Value, inventory: &Inventory) -> Result<End, String> {
    let namespace = text(&value["namespace"]).ok_or("a new pod has to say its `namespace`")?;
    let known = inventory.namespace(&namespace).map(|id| inventory.namespaces[id.index()].labels.clone());
    let own = (Text::from(NAMESPACE_NAME), namespace.clone());
    let fresh = || pairs(&value["namespaceLabels"]).into_iter().chain([own]).collect::<Labels>();
    let mut ports = Vec::new();
    for port in value["ports"].as_array().into_iter().flatten() {
        let number = port["port"].as_u64().and_then(|number| u16::try_from(number).ok());
        ports.push(ContainerPort {
            name: text(&port["name"]),
            number: number.ok_or("a port has to say its number")?,
            protocol: protocol(port["protocol"].as_str().unwrap_or("tcp"))?,
        });
    }
    ports.sort();
    let address =
        value["address"].as_str().map(|address| address.parse::<IpAddr>().map_err(|e| e.to_string()));
    Ok(End::New(Box::new(PodPoint {
        class: None,
        namespace_labels: known.unwrap_or_else(fresh),
        namespace,
        labels: pairs(&value["labels"]).into_iter().collect(),
        ports,
        host_network: value["hostNetwork"] == true,
        service_account: text(&value["serviceAccount"]).unwrap_or_else(|| Text::from("default")),
        addresses: address.transpose()?.into_iter().collect(),
    })))
}

fn protocol(name: &str) -> Result<Protocol, String> {
    match name {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        "sctp" => Ok(Protocol::Sctp),
        _ => Err(format!("`{name}` is no protocol with ports")),
    }
}

fn sent(flow: &Value) -> Result<PortRange, String> {
    let number = |value: &Value, most: u64| {
        let number = value.as_u64().filter(|number| *number <= most);
        number.map(|number| number as u16).ok_or_else(|| format!("{value} is no number up to {most}"))
    };
    let (carrier, first) = if let Some(icmp) = flow.get("icmp") {
        let carrier = if icmp["version"] == 6 { Carrier::Icmpv6 } else { Carrier::Icmp };
        let code = icmp.get("code").map_or(Ok(0), |code| number(code, 255))?;
        (carrier, number(&icmp["type"], 255)? << 8 | code)
    } else if let Some(other) = flow.get("ip") {
        (Carrier::Other, number(other, 255)?)
    } else {
        let protocol = protocol(flow["protocol"].as_str().unwrap_or("tcp"))?;
        (protocol.into(), number(&flow["port"], 65535)?)
    };
    Ok(PortRange { protocol: carrier, first, last: first })
}

fn http(value: &Value) -> Result<Option<HttpRequest>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let mut headers = pairs(&value["headers"]);
    headers.sort();
    Ok(Some(HttpRequest {
        method: text(&value["method"]).ok_or("a request has to say its `method`")?,
        path: text(&value["path"]).ok_or("a request has to say its `path`")?,
        host: text(&value["host"]).unwrap_or_else(|| Text::from("weir.invalid")),
        headers,
    }))
}

impl End {
    fn points(&self, space: &Space) -> Result<Vec<usize>, String> {
        let stands = |point: &Point| match (self, point) {
            (End::Workload { classes, .. }, Point::Pod(pod)) => {
                pod.class.is_some_and(|class| classes.contains(&class))
            }
            (End::New(new), Point::Pod(pod)) => pod.class.is_none() && pod == new.as_ref(),
            (End::Network(net), Point::Address(range)) => {
                let single = range.first == range.last && net.prefix_len() == net.max_prefix_len();
                range.host.is_none()
                    && (single || !range.api_server)
                    && net.contains(&range.first)
                    && net.contains(&range.last)
            }
            (End::Host(name), Point::Address(range)) => range.host.as_ref() == Some(name),
            _ => false,
        };
        let mut found = positions(space, stands);
        if let End::Network(net) = self
            && found.is_empty()
        {
            // Addresses of pods are the pods.
            found = positions(space, |point| match point {
                Point::Pod(pod) => pod.addresses.iter().any(|address| net.contains(address)),
                Point::Address(_) => false,
            });
        }
        match (found.is_empty(), self) {
            (false, _) => Ok(found),
            (true, End::Workload { name, .. }) => Err(format!("`{name}` has no pods")),
            (true, End::Network(net)) => {
                Err(format!("`{net}` belongs to services, or to no pod of a range of pods"))
            }
            (true, End::Host(name)) => Err(format!("`{name}` is no host name")),
            (true, End::New(_)) => Err("the pod is not in the space".to_owned()),
        }
    }
}

fn positions(space: &Space, wanted: impl Fn(&Point) -> bool) -> Vec<usize> {
    let points = space.points.iter().enumerate();
    points.filter(|(_, point)| wanted(point)).map(|(at, _)| at).collect()
}
