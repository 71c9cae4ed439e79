//! A backtest: begun, watched, given up; and putting a draft in force.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::super::figures::percent;
use super::super::frame::Frame;
use super::super::gate::User;
use super::super::pages::page_views;
use super::super::view::{self, Crop};
use super::super::words as names;
use super::super::{Failure, Web};
use super::Desk;
use crate::model::{Field, Status};
use crate::store::rules::NewRules;
use crate::tuning::backtest::{Case, Run, Tally, Verdict, View};
use crate::tuning::{Lines, changed};

/// Cases that the page shows.
const CASES: usize = 40;

struct CaseView {
    document: String,
    label: String,
    sender: String,
    verdict: &'static str,
    class: &'static str,
    before: String,
    after: String,
    truth: String,
    crop: Option<Crop>,
}

/// A field at a hospital: what was counted, and for how many of all sheets those stand, where that is another number.
struct Row {
    sender: String,
    label: String,
    tally: Tally,
    fixed: Option<String>,
    broken: Option<String>,
    same: Option<String>,
}

/// For how many of all sheets' values those of a run stand, and the shares with their 95 % intervals.
struct Estimated {
    /// Sheets that blind samples compared, and for how many those stand.
    drawn: usize,
    stand_for: String,
    /// What it is called, number, share, interval.
    lines: [(&'static str, String, String, String); 3],
}

#[derive(Template)]
#[template(path = "rules/test.html")]
struct Test {
    frame: Frame,
    id: String,
    view: View,
    rows: Vec<Row>,
    /// What blind samples say of all sheets; none where there were none.
    estimate: Option<Estimated>,
    cases: Vec<CaseView>,
    more: usize,
    /// What would be put in force, against what is.
    changes: Vec<(String, Lines)>,
    /// The draft is still what was tried.
    same: bool,
    stale: bool,
    parent: i64,
}

/// `POST /rules/test`: the draft over every decided sheet.
pub async fn begin(State(web): State<Web>, user: User) -> Result<Redirect, Failure> {
    Ok(Redirect::to(&format!("/rules/tests/{}", begun(&web, &user).await?.id)))
}

/// Begins a backtest of somebody's draft.
pub async fn begun(web: &Web, user: &User) -> Result<Arc<Run>, Failure> {
    let desk = Desk::of(web, user).await?;
    let run = web
        .options
        .rules
        .test(&web.store, user.actor(), desk.parent, &desk.layer)
        .map_err(|e| Failure::Refused(e.to_string()))?;
    let detail = json!({"layer": desk.now.base.hash(&desk.layer), "run": run.id});
    web.store.log_access(user.actor(), "rules_test", "rules", detail).await?;
    Ok(run)
}

/// `GET /rules/tests/{id}`: how far it is, or what came of it.
pub async fn show(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    let run = web.options.rules.run(&id, user.actor()).ok_or(Failure::NotFound)?;
    let desk = Desk::of(&web, &user).await?;
    let frame = Frame::of(&web, &user, "rules").await?;
    let result = run.view();
    let mut cases = Vec::new();
    if result.ended {
        for case in result.cases.iter().take(CASES) {
            cases.push(case_view(&web, &user, &frame, case).await?);
        }
    }
    let label = |key: &String| {
        let own = result.cases.iter().find(|c| c.key == *key);
        let field = own.and_then(|c| c.after.as_ref().or(c.before.as_ref()));
        field.map_or_else(|| names::label(key), |f| view::label_of(key, f))
    };
    let touched = |t: &Tally| t.fixed + t.broken + t.differs > 0;
    let rows = result.rows.iter().filter(|r| touched(&r.2)).map(|(s, k, t)| row(s, label(k), *t)).collect();
    let page = Test {
        changes: changed(&desk.now.layer, &run.layer),
        same: desk.layer == run.layer,
        stale: desk.stale(),
        parent: desk.parent,
        more: result.cases.len().saturating_sub(CASES),
        id,
        rows,
        cases,
        estimate: (result.drawn > 0).then(|| estimated(&frame, &result)),
        view: result,
        frame,
    };
    Ok(Html(page.render()?))
}

fn row(sender: &str, label: String, tally: Tally) -> Row {
    let (sender, stands) = (sender.to_owned(), tally.stands);
    let other = |n: usize, of: f64| ((of - n as f64).abs() >= 0.5).then(|| about(of));
    let (fixed, broken) = (other(tally.fixed, stands.fixed), other(tally.broken, stands.broken));
    Row { sender, label, fixed, broken, same: other(tally.same, stands.same), tally }
}

fn estimated(frame: &Frame, view: &View) -> Estimated {
    let line = |ja, en, verdict, of: f64| {
        let e = view.total.share(verdict);
        (frame.say(ja, en), about(of), percent(e.rate), format!("{}–{}", percent(e.lower), percent(e.upper)))
    };
    let s = view.total.stands;
    Estimated {
        drawn: view.drawn,
        stand_for: about(view.stand_for),
        lines: [
            line("よくなる", "fixed", Verdict::Fixed, s.fixed),
            line("悪くなる", "broken", Verdict::Broken, s.broken),
            line("変わらない", "same", Verdict::Same, s.same),
        ],
    }
}

fn about(number: f64) -> String {
    format!("{number:.0}")
}

async fn case_view(web: &Web, user: &User, frame: &Frame, case: &Case) -> Result<CaseView, Failure> {
    super::tune::note(web, user, &case.document).await?;
    let shown = |f: &Option<Field>| match f {
        None => frame.say("（なし）", "(none)").to_owned(),
        Some(f) => {
            let text = view::shown(&case.key, &f.value.text());
            if f.status == Status::Review { format!("{text}（{}）", frame.say("未確認", "unsure")) } else { text }
        }
    };
    let (verdict, class) = match case.verdict {
        Verdict::Fixed => (frame.say("よくなる", "fixed"), "good"),
        Verdict::Broken => (frame.say("悪くなる", "broken"), "urgent"),
        Verdict::Same => (frame.say("変わらない", "same"), ""),
        Verdict::Differs => (frame.say("変わる（正解は未確認）", "differs (truth unknown)"), "unsure"),
    };
    let field = case.after.as_ref().or(case.before.as_ref());
    let crop = match (field, web.store.document(&case.document).await?) {
        (Some(f), Some(d)) => view::crop_of(f, &page_views(&d)),
        _ => None,
    };
    Ok(CaseView {
        document: case.document.clone(),
        label: field.map_or_else(|| names::label(&case.key), |f| view::label_of(&case.key, f)),
        sender: case.sender.clone().unwrap_or_default(),
        verdict,
        class,
        before: shown(&case.before),
        after: shown(&case.after),
        truth: match (&case.truth, case.grades) {
            (Some(t), _) => view::shown(&case.key, t),
            (None, Some(_)) => frame.say("ページにない", "not on the page").to_owned(),
            (None, None) => String::new(),
        },
        crop,
    })
}

/// `POST /rules/tests/{id}/cancel`
pub async fn cancel(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.options.rules.run(&id, user.actor()).ok_or(Failure::NotFound)?.cancel();
    Ok(Redirect::to(&format!("/rules/tests/{id}")))
}

#[derive(Deserialize)]
pub struct Activation {
    /// The revision that the person saw in force.
    parent: i64,
    #[serde(default)]
    reason: String,
}

/// `POST /rules/activate`: the draft is in force from now on.
pub async fn activate(State(web): State<Web>, user: User, Form(form): Form<Activation>) -> Result<Redirect, Failure> {
    let number = put_in_force(&web, &user, form.parent, &form.reason).await?;
    Ok(Redirect::to(&format!("/rules/history/{number}")))
}

/// Puts somebody's draft in force: its revision's number. It must have been tried as it is; where something breaks, a
/// reason is asked for.
pub async fn put_in_force(web: &Web, user: &User, parent: i64, reason: &str) -> Result<i64, Failure> {
    let desk = Desk::of(web, user).await?;
    let refused = |why: &str| Err(Failure::Refused(why.to_owned()));
    let Some(run) = web.options.rules.run_of(user.actor(), &desk.layer) else {
        return refused("この下書きはまだ試していません。先に「過去の書類で試す」を押してください");
    };
    let Some(tried) = run.summary() else {
        return refused("試験がまだ終わっていません");
    };
    let reason = reason.trim();
    if breaks(&tried) && reason.is_empty() {
        return refused("悪くなる項目があります。それでも有効にする理由を書いてください");
    }
    let hash = desk.now.base.hash(&desk.layer);
    let new = NewRules { layer: &desk.layer.json(), hash: &hash, parent, reason, tried: &tried.to_string() };
    let number = web.store.activate_rules(&new, user.actor()).await?;
    // Here at once; other hosts look every few seconds.
    web.options.rules.look(&web.store).await?;
    Ok(number)
}

/// Whether what was tried makes something worse, however seldom it may be among all sheets.
fn breaks(tried: &Json) -> bool {
    tried.get("broken").and_then(Json::as_u64).unwrap_or(0) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuning::backtest::Stands;

    #[test]
    fn what_breaks_asks_for_a_reason_and_what_was_drawn_shows_what_it_stands_for() {
        assert!(breaks(&json!({"fixed": 9, "broken": 1, "weighted": {"broken": 0.4}})));
        assert!(!breaks(&json!({"fixed": 9, "broken": 0})) && !breaks(&json!({})));
        let stands = Stands { fixed: 9.0, broken: 50.0, ..Stands::default() };
        let line = row("〇〇病院", "生年月日".into(), Tally { fixed: 9, broken: 1, stands, ..Tally::default() });
        assert_eq!((line.fixed, line.broken.as_deref(), line.same), (None, Some("50"), None));
    }
}
