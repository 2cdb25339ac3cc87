/** What can be chosen: the cluster that names are looked up in, and the format that is written. */

import type { Choice, Clusters } from "./protocol.js";

export interface Item {
  readonly label: string;
  readonly description: string;
  readonly choice: Choice;
}

const FORMATS: Readonly<Record<string, string>> = {
  networkpolicy: "networking.k8s.io/v1",
  cilium: "cilium.io/v2",
  calico: "projectcalico.org/v3",
  clusternetworkpolicy: "policy.networking.k8s.io/v1alpha2, beside NetworkPolicy",
};

/** Empty where there is nothing to choose from: the file belongs to no project, or to one with a single cluster. */
export function clusterItems({ clusters, chosen }: Clusters): Item[] {
  const [first] = clusters;
  if (first === undefined || clusters.length === 1) {
    return [];
  }
  const named = clusters.map(({ name, target }) => ({
    label: mark(name, name === chosen.cluster),
    description: target,
    choice: { cluster: name },
  }));
  return [...named, { label: "As configured", description: "the setting, else the first", choice: { cluster: null } }];
}

export function targetItems({ targets, chosen }: Clusters): Item[] {
  const named = targets.map((target) => ({
    label: mark(target, target === chosen.target),
    description: FORMATS[target] ?? "",
    choice: { target },
  }));
  return [
    ...named,
    { label: "As configured", description: "the setting, else weir.toml", choice: { target: null } },
  ];
}

function mark(label: string, isChosen: boolean): string {
  return isChosen ? `$(check) ${label}` : label;
}
