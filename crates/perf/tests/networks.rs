//! Networks: every preset reads and fits its chips, and groups find their tier. Chips of the
//! measured tables are in the catalogue under the names used there.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};

use narrows_catalog::{Chips, DataFile, read_chips, read_places};
use narrows_perf::kernels::collective::LinkClass;
use narrows_perf::network::{Network, Networks, Spread};
use narrows_perf::{Families, Specification};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

fn texts(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![data().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.strip_prefix(data()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

struct World {
    chips: Chips,
    families: Families,
    networks: Networks,
}

impl World {
    fn read() -> Self {
        let chips = texts("chips");
        let networks = texts("networks");
        let places = texts("places");
        let families = fs::read_to_string(data().join("perf/families.toml")).unwrap();
        fn files(texts: &[(String, String)]) -> Vec<DataFile<'_>> {
            texts.iter().map(|(path, text)| DataFile { path, text }).collect()
        }
        let places = read_places(files(&places)).unwrap_or_else(|problems| panic!("{problems}"));
        let families = DataFile { path: "perf/families.toml", text: &families };
        Self {
            chips: read_chips(files(&chips), &places).unwrap_or_else(|problems| panic!("{problems}")),
            families: Families::read(families).unwrap_or_else(|problems| panic!("{problems}")),
            networks: Networks::read(files(&networks)).unwrap_or_else(|problems| panic!("{problems}")),
        }
    }

    /// A chip whose rates are on record.
    fn known(&self, name: &str) -> Option<Specification> {
        let chip = self.chips.find(name).unwrap_or_else(|error| panic!("{error}")).chip;
        let family = self.families.of_architecture(chip.architecture.as_deref().unwrap_or_default());
        Specification::of(chip, family, self.families.get(family).unwrap()).ok()
    }

    fn chip(&self, name: &str) -> Specification {
        self.known(name).unwrap_or_else(|| panic!("{name}: rates are missing"))
    }

    fn network(&self, name: &str) -> Network {
        self.networks.of_chip(&self.chip(name), &self.families)
    }
}

/// Names of chips in the measured tables, with the id that is meant.
const NAMES: &[(&str, &str)] = &[
    ("A100-SXM-80G", "nvidia.a100-sxm4-80gb"),
    ("A100-SXM-40G", "nvidia.a100-sxm4-40gb"),
    ("A100-pairwise-NVLink", "nvidia.a100-pcie-80gb"),
    ("A40", "nvidia.a40"),
    ("Arc-Pro-B60", "intel.arc-pro-b60"),
    ("Ascend-910B", "huawei.ascend-910b2"),
    ("Ascend-910C", "huawei.ascend-910c"),
    ("B200-SXM", "nvidia.b200-sxm"),
    ("B300-SXM", "nvidia.b300-sxm"),
    ("GB200", "nvidia.gb200"),
    ("GB300", "nvidia.gb300"),
    ("Gaudi2", "intel.gaudi2"),
    ("Gaudi3", "intel.gaudi3-hl325l"),
    ("H100-SXM", "nvidia.h100-sxm5-80gb"),
    ("H100-pairwise-NVLink", "nvidia.h100-nvl-94gb"),
    ("H20-3e-141G", "nvidia.h20-141gb"),
    ("H20-96G", "nvidia.h20-96gb"),
    ("H200-SXM", "nvidia.h200-sxm-141gb"),
    ("H800-SXM", "nvidia.h800-sxm5-80gb"),
    ("L40S", "nvidia.l40s"),
    ("MI210", "amd.mi210"),
    ("MI300X", "amd.mi300x"),
    ("RTX-PRO-6000", "nvidia.rtx-pro-6000-ws"),
    ("TPU-v4", "google.tpu-v4"),
    ("TPU-v5p", "google.tpu-v5p"),
    ("TPU-v6e", "google.tpu-v6e"),
    ("TPUv3", "google.tpu-v3"),
];

#[test]
fn chips_of_the_measured_tables_resolve() {
    let world = World::read();
    for (name, id) in NAMES {
        assert_eq!(world.chip(name).id, *id, "{name}");
    }
    let graphics = world.chip("RTX-PRO-6000").accelerator;
    assert!((graphics.memory_bandwidth - 1792e9).abs() < 1.0);
}

#[test]
fn presets_name_chips_that_exist_and_each_once() {
    let world = World::read();
    let mut seen: Vec<&str> = world.networks.chips().collect();
    for id in &seen {
        let Some(chip) = world.known(id) else { continue };
        let network = world.networks.of_chip(&chip, &world.families);
        assert!(network.tiers.iter().all(|tier| tier.bandwidth > 0.0), "{id}");
        let sizes: Vec<usize> = network.tiers.iter().map(|tier| tier.chips.unwrap_or(usize::MAX)).collect();
        assert!(sizes.is_sorted(), "{id}");
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

#[test]
fn rates_follow_the_chip() {
    let world = World::read();
    let rate = |name: &str| world.network(name).domain().unwrap().bandwidth / 1e9;
    for (name, gigabytes) in [
        ("H100-SXM", 450.0),
        ("H800-SXM", 200.0),
        ("H20-96G", 450.0),
        ("A100-SXM-80G", 300.0),
        ("B200-SXM", 900.0),
        ("GB200", 900.0),
        ("MI300X", 448.0),
        ("Ascend-910B", 196.0),
        ("Ascend-910C", 392.0),
        ("TPU-v4", 300.0),
        ("TPU-v5p", 600.0),
        ("Gaudi2", 262.5),
        ("L40S", 32.0),
    ] {
        assert!((rate(name) - gigabytes).abs() < 1e-6, "{name}: {}", rate(name));
    }
    assert_eq!(world.network("GB200").domain().unwrap().chips, 72);
    assert_eq!(world.network("Ascend-910C").domain().unwrap().chips, 384);
    // A chip whose links were cut off falls back to the host's bus and says so.
    let mut cut = world.chip("H20-96G");
    cut.accelerator.link_bandwidth = 0.0;
    let network = world.networks.of_chip(&cut, &world.families);
    assert_eq!(network.domain().unwrap().link, LinkClass::HostBus);
    assert!(network.assumed.iter().any(|note| note.contains("host's bus")));
}

#[test]
fn groups_find_their_tier() {
    let world = World::read();
    let network = world.network("H100-SXM");
    let tier = |ranks, stride| network.tier_for(Spread { ranks, stride }).unwrap().name.as_str();
    assert_eq!(tier(8, 1), "node");
    assert_eq!(tier(1, 8), "node");
    assert_eq!(tier(2, 4), "node");
    assert_eq!(tier(2, 8), "fabric");
    assert_eq!(tier(16, 1), "fabric");
    assert_eq!(tier(usize::MAX, usize::MAX), "fabric");
    let node = &network.tiers[0];
    assert_eq!(network.members(node, Spread { ranks: 16, stride: 2 }), 4);
    assert_eq!(network.members(node, Spread::adjacent(3)), 3);
    // A mesh gives two chips one link of seven, all eight chips all links.
    let mesh = world.network("MI300X");
    let among = |ranks| mesh.tiers[0].bandwidth_among(ranks) / 1e9;
    assert!((among(2) - 64.0).abs() < 1e-9 && (among(8) - 448.0).abs() < 1e-9);
    // Larger groups never have less of a torus.
    let torus = world.network("TPU-v4");
    let rates: Vec<f64> = (1..=12).map(|power| torus.tiers[0].bandwidth_among(1 << power)).collect();
    assert!(rates.is_sorted(), "{rates:?}");
}

#[test]
fn chips_without_a_preset_get_a_network_by_rule() {
    let world = World::read();
    for chip in world.chips.iter() {
        let Some(chip) = world.known(&chip.id) else { continue };
        let network = world.networks.of_chip(&chip, &world.families);
        let domain = network.domain().unwrap_or_else(|| panic!("{}: no domain", chip.id));
        assert!(domain.bandwidth > 0.0 && domain.fabric_bandwidth > 0.0 && domain.chips >= 2, "{}", chip.id);
        let on_record = world.networks.chips().any(|id| id == chip.id);
        assert!(on_record || !network.assumed.is_empty(), "{}: nothing is said to be assumed", chip.id);
    }
    let unknown = world.networks.find("hgx-h10", &world.chip("H100-SXM").accelerator).unwrap_err();
    assert!(unknown.to_string().contains("did you mean `hgx-h100`"), "{unknown}");
    assert!(world.networks.find("DGX H100", &world.chip("H100-SXM").accelerator).is_ok());
}
