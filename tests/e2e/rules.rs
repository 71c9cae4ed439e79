//! Preview, backtest and daemon read the same: every field of every fax of a folder, character by character.
//!
//! `FAXBRIDGE_DEV_FAXES` names the folder; without it, `samples/files`. For another one:
//! `FAXBRIDGE_DEV_FAXES=/…/faxes cargo test --test e2e -- --nocapture preview_backtest_and_daemon`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use faxbridge::model::Document;
use faxbridge::rules::backtest::document_of;
use faxbridge::rules::extract;
use faxbridge::store::Store;
use faxbridge::store::rules::SheetFilter;
use faxbridge::tuning::{OwnRules, Workshop};

use crate::home::{Home, repo};

#[test]
fn preview_backtest_and_daemon_read_the_same() {
    let home = Home::new().on_file().folder();
    let faxes = std::env::var_os("FAXBRIDGE_DEV_FAXES").map_or_else(|| repo("samples/files"), PathBuf::from);
    for entry in std::fs::read_dir(faxes).expect("a folder of faxes") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        home.scan(&name, &std::fs::read(&path).expect("a fax"));
    }
    home.drain();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open_beside(&home.at("data")).await.expect("the store");
        let shop = Arc::new(Workshop::open(Path::new(""), false).expect("rules"));
        shop.set_registers(Arc::new(store.registers().await.expect("registers")));
        let (now, registers) = (shop.now(), shop.registers());
        // A draft that says nothing new is other rules all the same: its hash differs.
        let mut layer = OwnRules::default();
        layer.set("cover.toml", "# nothing\n[stop]\nlabels = [\"どの紙にもない言葉です\"]\n");
        let draft = shop.draft(&layer).expect("a draft");
        assert_ne!(draft.hash(), now.rules.hash());
        let sheets = store.recent_sheets(&SheetFilter::default(), 200).await.expect("sheets");
        assert!(sheets.len() >= 15, "{}", sheets.len());
        let (mut read, mut fields) = (0, 0);
        for s in sheets {
            (read, fields) = (read + 1, fields + s.content.fields.len());
            assert_eq!(s.reader.rules, now.rules.hash());
            let reading = shop.reading(&store, &s.reading).await.expect("a reading");
            let preview = shop.preview(&draft, &reading, &s.content.pages);
            let [one, other] = [&now.rules, &draft].map(|r| extract(r, &reading, &registers));
            let all = [
                preview.before,
                preview.after,
                document_of(&one, &s.content.pages).cloned(),
                document_of(&other, &s.content.pages).cloned(),
            ];
            for d in all {
                let d = d.expect("the sheet");
                assert_eq!((&d.kind, &d.pages), (&s.content.kind, &s.content.pages));
                // As it comes back from where it is kept.
                let kept: Document = serde_json::from_str(&serde_json::to_string(&d).expect("JSON")).expect("back");
                assert_eq!(kept.fields, s.content.fields, "{}", s.document);
            }
        }
        println!("{read} sheets, {fields} fields: preview and backtest as the daemon, each in both rules");
    });
}
