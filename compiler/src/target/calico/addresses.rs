//! Addresses as ends of rules: of one family, in lists of a bounded length. Long lists become network sets, which rules
//! select by a label; where there are none, they become several rules.

use std::collections::BTreeMap;

use ipnet::IpNet;
use sha2::{Digest, Sha256};

use super::objects::{Calico, Entity, Net, SetSpec, Spec};
use crate::address::Block;
use crate::target::describe;
use crate::target::non_empty::NonEmpty;
use crate::target::object::Metadata;

/// The most ranges of one rule, by the schema of its objects.
const MOST: usize = 256;
/// The most ranges that are written where they are meant, and not as a set.
const MOST_INLINE: usize = 64;
/// The most ranges of one set: below the 256 KiB that `kubectl apply` can remember.
const MOST_IN_SET: usize = 4000;
/// The label by which rules select sets: its value is a digest of what is in them.
const LABEL: &str = "weir/nets";

/// The sets that the objects of one build select.
pub(super) struct Sets {
    /// Whether there may be any.
    allowed: bool,
    by_digest: BTreeMap<String, Vec<IpNet>>,
}

impl Sets {
    pub fn new(allowed: bool) -> Sets {
        Sets { allowed, by_digest: BTreeMap::new() }
    }

    /// Ends with these addresses and no others, each with its family where it has only one.
    pub fn entities(&mut self, blocks: &[&Block]) -> Vec<(Option<u8>, Entity)> {
        let plain: Vec<IpNet> =
            blocks.iter().filter(|block| block.except.is_empty()).map(|block| block.cidr).collect();
        let mut all = Vec::new();
        if self.allowed && plain.len() > MOST_INLINE {
            all.push((None, self.set(plain)));
        } else {
            for version in [4, 6] {
                let own: Vec<IpNet> = plain.iter().copied().filter(|net| family(net) == version).collect();
                for some in own.chunks(MOST) {
                    let nets = filled(some);
                    all.push((Some(version), Entity { nets, ..Entity::default() }));
                }
            }
        }
        // Each by itself: the holes of one may be part of another.
        for block in blocks.iter().filter(|block| !block.except.is_empty()) {
            holed(block.cidr, &block.except, &mut all);
        }
        all
    }

    fn set(&mut self, nets: Vec<IpNet>) -> Entity {
        let mut hash = Sha256::new();
        for net in &nets {
            hash.update(format!("{net}\n"));
        }
        let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let selector = format!("{LABEL} == '{digest}'");
        self.by_digest.insert(digest, nets);
        Entity {
            namespace_selector: Some("global()".to_owned()),
            selector: Some(selector),
            ..Entity::default()
        }
    }

    pub fn into_objects(self) -> Vec<Calico> {
        let mut objects = Vec::new();
        for (digest, nets) in self.by_digest {
            for (at, some) in nets.chunks(MOST_IN_SET).enumerate() {
                let Some(nets) = filled(some) else { continue };
                let name = match at {
                    0 => format!("weir-nets-{digest}"),
                    at => format!("weir-nets-{digest}-{}", at + 1),
                };
                let mut labels = describe::labels();
                labels.insert(LABEL.to_owned(), digest.clone());
                let metadata = Metadata { name, namespace: None, labels, annotations: BTreeMap::new() };
                objects.push(Calico::new("GlobalNetworkSet", metadata, Spec::Set(SetSpec { nets })));
            }
        }
        objects
    }
}

fn filled(nets: &[IpNet]) -> Option<NonEmpty<Net>> {
    NonEmpty::new(nets.iter().copied().map(Net).collect())
}

fn family(net: &IpNet) -> u8 {
    match net {
        IpNet::V4(_) => 4,
        IpNet::V6(_) => 6,
    }
}

/// A block without its holes: cut in half for as long as there are too many.
fn holed(cidr: IpNet, holes: &[IpNet], all: &mut Vec<(Option<u8>, Entity)>) {
    if holes.contains(&cidr) {
        return;
    }
    if holes.len() <= MOST {
        let entity = Entity { nets: filled(&[cidr]), not_nets: filled(holes), ..Entity::default() };
        return all.push((Some(family(&cidr)), entity));
    }
    for half in cidr.subnets(cidr.prefix_len() + 1).into_iter().flatten() {
        let inside: Vec<IpNet> = holes.iter().copied().filter(|hole| half.contains(hole)).collect();
        holed(half, &inside, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddressSet;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    /// What the entities of one family hold, without sets.
    fn held(entities: &[(Option<u8>, Entity)]) -> AddressSet {
        let nets = |list: &Option<NonEmpty<Net>>| -> AddressSet {
            list.iter().flat_map(NonEmpty::iter).map(|net| net.0).collect()
        };
        entities.iter().fold(AddressSet::default(), |all, (_, entity)| {
            all.union(&nets(&entity.nets).minus(&nets(&entity.not_nets)))
        })
    }

    #[test]
    fn many_holes_are_spread_over_rules() {
        let holes: Vec<IpNet> =
            (0..1000).map(|at| net(&format!("10.{}.{}.1/32", at / 250, at % 250))).collect();
        let block = Block { cidr: net("10.0.0.0/8"), except: holes.clone() };
        let entities = Sets::new(true).entities(&[&block]);
        assert!(entities.len() > 1 && entities.len() < 20);
        let whole: AddressSet = [block.cidr].into_iter().collect();
        assert_eq!(held(&entities), whole.minus(&holes.iter().copied().collect()));
        for (_, entity) in &entities {
            assert!(entity.not_nets.as_ref().is_none_or(|holes| holes.len() <= MOST));
        }
    }

    #[test]
    fn half_that_is_a_hole_is_no_rule() {
        let mut holes: Vec<IpNet> = vec![net("10.0.0.0/9")];
        holes.extend((0..MOST).map(|at| net(&format!("10.200.{at}.1/32"))));
        let block = Block { cidr: net("10.0.0.0/8"), except: holes.clone() };
        let entities = Sets::new(true).entities(&[&block]);
        let whole: AddressSet = [block.cidr].into_iter().collect();
        assert_eq!(held(&entities), whole.minus(&holes.into_iter().collect()));
    }

    #[test]
    fn long_lists_are_sets_where_there_are_any() {
        let blocks: Vec<Block> = (0..300)
            .map(|at| Block { cidr: net(&format!("10.{}.{}.0/31", at / 250, at % 250)), except: Vec::new() })
            .chain([Block { cidr: net("2001:db8::/32"), except: Vec::new() }])
            .collect();
        let blocks: Vec<&Block> = blocks.iter().collect();
        let mut sets = Sets::new(true);
        assert_eq!(sets.entities(&blocks).len(), 1);
        assert_eq!(sets.into_objects().len(), 1);
        let entities = Sets::new(false).entities(&blocks);
        let versions: Vec<Option<u8>> = entities.iter().map(|(version, _)| *version).collect();
        assert_eq!(versions, [Some(4), Some(4), Some(6)]);
        assert_eq!(held(&entities), blocks.iter().map(|block| block.cidr).collect());
    }
}
