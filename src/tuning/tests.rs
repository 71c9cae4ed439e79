//! Layers in force and out of it, on a store.

use super::*;
use crate::store::rules::NewRules;
use crate::store::testing::site;

async fn put(store: &Store, shop: &Workshop, layer: &Layer, parent: i64) -> i64 {
    let hash = shop.now().base.hash(layer);
    let new = NewRules { layer: &layer.json(), hash: &hash, parent, reason: "", tried: "{}" };
    store.activate_rules(&new, "p").await.expect("in force")
}

#[tokio::test]
async fn rules_that_are_put_in_force_are_taken_and_bad_ones_never_stop_the_reading() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(site(dir.path()).await).await.expect("a store");
    let (one, other) = (Workshop::open(Path::new(""), false), Workshop::open(Path::new(""), false));
    let (one, other) = (one.expect("rules"), other.expect("rules"));
    let bare = one.now().rules.hash().to_owned();
    assert!(!one.look(&store).await.expect("looked"));
    let mut layer = Layer::default();
    layer.set("referral.toml", "[field.\"patient.birth_date\"]\nlabels = [\"お生まれの日\"]");
    put(&store, &one, &layer, 0).await;
    assert!(one.look(&store).await.expect("looked") && other.look(&store).await.expect("looked"));
    assert_ne!(one.now().rules.hash(), bare);
    assert_eq!(one.now().rules.hash(), other.now().rules.hash(), "all hosts read alike");
    // A later program's base knows a file no more: what is in memory goes on, and it is told.
    let mut bad = Layer::default();
    bad.set("none.toml", "[stop]\nlabels = [\"x\"]");
    let good = one.now().rules.hash().to_owned();
    put(&store, &one, &bad, 1).await;
    assert!(one.look(&store).await.expect("looked"));
    assert_eq!((one.now().rules.hash(), one.now().revision), (good.as_str(), 1));
    assert!(one.now().fault.as_deref().is_some_and(|f| f.contains("none.toml")), "{:?}", one.now().fault);
    assert!(!one.look(&store).await.expect("looked"), "told once");
    // After a start there is the base alone.
    let fresh = Workshop::open(Path::new(""), false).expect("rules");
    fresh.look(&store).await.expect("looked");
    assert_eq!(fresh.now().rules.hash(), bare);
    assert!(fresh.now().fault.is_some());
    put(&store, &one, &layer, 2).await;
    one.look(&store).await.expect("looked");
    assert_eq!((one.now().rules.hash(), one.now().fault.as_ref()), (good.as_str(), None));
}

#[test]
fn a_difference_tells_lines_that_went_and_came() {
    let told: Vec<String> = difference("a\nb\nc", "a\nx\nc\nd").into_iter().map(|(s, l)| format!("{s}{l}")).collect();
    assert_eq!(told, [" a", "-b", "+x", " c", "+d"]);
}
