//! One cluster as an editor keeps it: its inventory, with all that was derived from it once.

use self_cell::self_cell;
use weir_cluster::Inventory;

use crate::facts::Facts;
use crate::project::Cluster;
use crate::resolve::Known;

struct Derived<'a> {
    facts: Facts<'a>,
    known: Known<'a>,
}

self_cell!(
    struct Grounded {
        owner: Inventory,
        #[covariant]
        dependent: Derived,
    }
);

/// A cluster, as it was read.
pub struct World {
    grounded: Grounded,
    /// What the project tells of it.
    pub cluster: Cluster,
    /// Whether there is an inventory. Without one, words are not held against the cluster.
    pub is_known: bool,
}

impl World {
    pub fn of(inventory: Inventory, cluster: Cluster) -> World {
        World::with(inventory, cluster, true)
    }

    /// A cluster of which nothing is known.
    pub fn unknown(cluster: Cluster) -> World {
        World::with(Inventory::default(), cluster, false)
    }

    fn with(inventory: Inventory, cluster: Cluster, is_known: bool) -> World {
        let grounded = Grounded::new(inventory, |inventory| Derived {
            facts: Facts::of_cluster(inventory, &cluster),
            known: Known::of(inventory),
        });
        World { grounded, cluster, is_known }
    }

    pub fn inventory(&self) -> &Inventory {
        self.grounded.borrow_owner()
    }

    pub fn facts(&self) -> &Facts<'_> {
        &self.grounded.borrow_dependent().facts
    }

    pub(crate) fn known(&self) -> &Known<'_> {
        &self.grounded.borrow_dependent().known
    }
}
