//! One sheet under the draft: its pages with every trace, each field before and after, and the rule of one field as a form.
//!
//! What is saved goes into the draft; the answer is the same page, so that the result on this sheet is seen at once.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::User;
use super::super::pages::{page_views, readable};
use super::super::view::{self, PageView};
use super::super::words as names;
use super::super::{Failure, Web};
use super::words::{self, Choice};
use super::{Desk, told, when_of, when_said, when_word};
use crate::model::{Document, Field, Status};
use crate::tuning::edit::{CHECKS, FORMS, LOOKS, NORMALISERS, RuleForm, Spot};
use crate::tuning::preview::{Line, Preview};

/// Which rule is looked at.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Asked {
    pub field: String,
    /// The hospital, as `when_word` writes it; empty: all.
    pub when: String,
    /// File; empty: the sheet's type's.
    pub file: String,
    /// Keys that the wizard still has to go through, with commas.
    pub todo: String,
}

impl Asked {
    pub fn address(&self, id: &str) -> String {
        let part = |name: &str, v: &str| format!("{name}={}", encode(v));
        let parts: Vec<String> =
            [("field", &self.field), ("when", &self.when), ("file", &self.file), ("todo", &self.todo)]
                .into_iter()
                .filter(|(_, v)| !v.is_empty())
                .map(|(n, v)| part(n, v))
                .collect();
        format!("/rules/sheets/{id}?{}#rule", parts.join("&"))
    }
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b',' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

/// A rectangle on a page.
struct Mark {
    key: String,
    label: String,
    x: i32,
    y: i32,
    w: i32,
    h: i32,
    class: &'static str,
}

struct Leaf {
    page: PageView,
    values: Vec<Mark>,
    labels: Vec<Mark>,
    /// From a label to its value: x1, y1, x2, y2.
    arrows: Vec<(String, [i32; 4])>,
    /// The rule's own region.
    region: Option<[i32; 4]>,
}

struct Row {
    key: String,
    label: String,
    before: String,
    after: String,
    sure: bool,
    differs: bool,
    here: bool,
    address: String,
    how: String,
    failed: Vec<String>,
}

/// The form of one rule.
struct Rule {
    key: String,
    label: String,
    form: RuleForm,
    /// What counts here, from all files together.
    whole: RuleForm,
    looks: Vec<Choice>,
    forms: Vec<Choice>,
    normalisers: Vec<Choice>,
    checks: Vec<Choice>,
    region: [String; 4],
    pages: Vec<(u32, bool)>,
}

#[derive(Template)]
#[template(path = "rules/tune.html")]
struct Tune {
    frame: Frame,
    id: String,
    kind: String,
    at: String,
    asked: Asked,
    leaves: Vec<Leaf>,
    rows: Vec<Row>,
    rule: Option<Rule>,
    /// Word, what it is called, chosen.
    hospitals: Vec<Choice>,
    files: Vec<Choice>,
    /// Fields that the sheet has not: key, label.
    others: Vec<(String, String)>,
    text: String,
    base_text: String,
    fault: Option<String>,
    begun: bool,
    stale: bool,
    /// Which rules read the sheet.
    read_by: String,
    next: Option<(String, String)>,
}

/// `GET /rules/sheets/{id}`
pub async fn tune(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Failure> {
    Ok(Html(page(&web, &user, &id, asked, Said::default()).await?))
}

/// What was sent and cannot be.
#[derive(Default)]
struct Said {
    form: Option<RuleForm>,
    text: Option<String>,
    fault: Option<String>,
}

async fn page(web: &Web, user: &User, id: &str, mut asked: Asked, said: Said) -> Result<String, Failure> {
    let d = readable(web, user, id, "read_rules").await?;
    let seen = web.store.sheet_seen(id).await?.ok_or(Failure::NotFound)?;
    let frame = Frame::of(web, user, "rules").await?;
    let (desk, shop) = (Desk::of(web, user).await?, web.options.rules.clone());
    let reading = shop.reading(&web.store, &seen.reading).await?;
    let mut fault = said.fault;
    let draft = match shop.draft(&desk.layer) {
        Ok(rules) => rules,
        Err(e) => {
            fault.get_or_insert(e.to_string());
            shop.draft(&desk.now.layer).map_err(|e| Failure::Broken(e.to_string()))?
        }
    };
    let (pages, workshop) = (seen.content.pages.clone(), shop.clone());
    let preview = tokio::task::spawn_blocking(move || workshop.preview(&draft, &reading, &pages))
        .await
        .map_err(|_| Failure::Broken("the preview died of a fault of the program".into()))?;
    let kind = preview.after.as_ref().map_or(seen.content.kind.clone(), |d| d.kind.clone());
    let base = &desk.now.base;
    let own_file = base.file_of(&kind).unwrap_or("common.toml").to_owned();
    if asked.file.is_empty() || base.text(&asked.file).is_empty() {
        asked.file.clone_from(&own_file);
    }
    let when = when_of(&asked.when);
    let both = [preview.after.as_ref(), preview.before.as_ref()];
    let rule = (!asked.field.is_empty()).then(|| {
        let spot = Spot { file: &asked.file, when: when.as_ref(), key: &asked.field };
        let (own, whole) = base.rule_at(&desk.layer, &spot);
        rule(&frame, &asked, said.form.unwrap_or(own), whole, &preview, &seen.content.pages, &both)
    });
    let leaves = leaves(page_views(&d), &preview, rule.as_ref(), &seen.content.pages, &both);
    let known: Vec<(String, Option<String>)> = base.fields_of(&desk.layer, &own_file);
    let others = known
        .into_iter()
        .filter(|(k, _)| !preview.lines.iter().any(|l| l.key == *k))
        .map(|(k, own)| (own.unwrap_or_else(|| names::label(&k)), k))
        .map(|(label, k)| (k, label))
        .collect();
    let mut hospitals = vec![(String::new(), frame.say("すべての病院", "all hospitals").to_owned(), when.is_none())];
    let mut listed: Vec<crate::tuning::edit::When> = Vec::new();
    for (_, w) in base.hospitals_in(&desk.layer) {
        if !listed.contains(&w) {
            listed.push(w);
        }
    }
    listed.extend(when.clone().filter(|w| !listed.contains(w)));
    hospitals.extend(listed.iter().map(|w| (when_word(w), when_said(w), Some(w) == when.as_ref())));
    let type_name = names::kind(&kind).to_owned();
    let files = [
        (own_file, type_name.clone()),
        ("common.toml".to_owned(), frame.say("すべての種類の書類", "all types").to_owned()),
    ];
    let todo: Vec<&str> = asked.todo.split(',').filter(|k| !k.is_empty()).collect();
    let next = todo.first().map(|key| {
        let then = Asked { field: (*key).to_owned(), todo: todo[1..].join(","), ..asked.clone() };
        (then.address(id), words::label(&both, key))
    });
    let read_by = match web.store.revision_of(&seen.reader.rules).await? {
        _ if seen.reader.rules == desk.now.rules.hash() => frame.say("いまのルール", "the rules in force").to_owned(),
        0 => frame.say("以前のルール", "earlier rules").to_owned(),
        n => format!("{}{n}{}", frame.say("第", "revision "), frame.say("版のルール", "")),
    };
    let tune = Tune {
        id: id.to_owned(),
        kind: type_name,
        at: view::moment(seen.received, view::today()),
        rows: preview.lines.iter().map(|l| row(&frame, id, &asked, l, &both)).collect(),
        leaves,
        rule,
        hospitals,
        files: files.into_iter().map(|(f, n)| (f.clone(), n, f == asked.file)).collect(),
        others,
        text: said.text.unwrap_or_else(|| desk.layer.file(&asked.file).to_owned()),
        base_text: base.text(&asked.file).to_owned(),
        fault,
        stale: desk.stale(),
        begun: desk.begun,
        read_by,
        next,
        asked,
        frame,
    };
    Ok(tune.render()?)
}

fn rule(
    frame: &Frame,
    asked: &Asked,
    form: RuleForm,
    whole: RuleForm,
    preview: &Preview,
    pages: &[u32],
    both: &[Option<&Document>],
) -> Rule {
    let mut region: Vec<String> = form.region.split([' ', ',']).filter(|p| !p.is_empty()).map(str::to_owned).collect();
    region.resize(4, String::new());
    let found = preview.after.as_ref().and_then(|d| d.fields.get(&asked.field)).map(|f| f.page);
    let page = form.page.parse::<usize>().ok().and_then(|n| pages.get(n.wrapping_sub(1)).copied()).or(found);
    let chosen = |list: &[String]| {
        let list = list.to_vec();
        move |w: &str| list.iter().any(|l| l == w)
    };
    Rule {
        key: asked.field.clone(),
        label: words::label(both, &asked.field),
        looks: words::choices(frame, LOOKS, chosen(&form.look)),
        forms: words::choices(frame, FORMS, |w| w == form.form),
        normalisers: words::choices(frame, NORMALISERS, chosen(&form.normalise)),
        checks: words::choices(frame, CHECKS, chosen(&form.check)),
        region: <[String; 4]>::try_from(region).unwrap_or_default(),
        pages: pages.iter().map(|p| (*p, Some(*p) == page)).collect(),
        form,
        whole,
    }
}

fn row(frame: &Frame, id: &str, asked: &Asked, line: &Line, both: &[Option<&Document>]) -> Row {
    let shown = |f: &Option<Field>| f.as_ref().map(|f| view::shown(&line.key, &f.value.text())).unwrap_or_default();
    let after = line.after.as_ref();
    let how = after.map(|f| {
        let way = words::word(frame, &f.trace.direction);
        match &f.trace.label {
            Some((label, _)) => format!("「{label}」→ {way}"),
            None => way,
        }
    });
    Row {
        label: words::label(both, &line.key),
        before: shown(&line.before),
        after: shown(&line.after),
        sure: after.is_some_and(|f| f.status == Status::Accepted),
        differs: line.differs(),
        here: line.key == asked.field,
        address: Asked { field: line.key.clone(), ..asked.clone() }.address(id),
        how: how.unwrap_or_default(),
        failed: after.map(|f| f.trace.failed.clone()).unwrap_or_default(),
        key: line.key.clone(),
    }
}

fn leaves(
    pages: Vec<PageView>,
    preview: &Preview,
    rule: Option<&Rule>,
    own: &[u32],
    both: &[Option<&Document>],
) -> Vec<Leaf> {
    let fields: Vec<(&String, &Field)> = preview.after.iter().flat_map(|d| &d.fields).collect();
    let region: Option<Vec<f64>> = rule.map(|r| r.region.iter().filter_map(|x| x.parse().ok()).collect());
    let on = rule.and_then(|r| r.form.page.parse::<usize>().ok()).and_then(|n| own.get(n.wrapping_sub(1)).copied());
    pages
        .into_iter()
        .filter(|p| own.contains(&p.number))
        .map(|page| {
            let here = fields.iter().filter(|(_, f)| f.page == page.number && !view::is_nowhere(f.rect));
            let mark = |key: &String, r: [i32; 4], class| Mark {
                key: key.clone(),
                label: words::label(both, key),
                x: r[0] - 3,
                y: r[1] - 3,
                w: r[2] - r[0] + 6,
                h: r[3] - r[1] + 6,
                class,
            };
            let (mut values, mut labels, mut arrows) = (Vec::new(), Vec::new(), Vec::new());
            for (key, f) in here {
                let on = rule.is_some_and(|r| r.key == **key);
                let class = match (on, f.status) {
                    (true, _) => "on",
                    (false, Status::Accepted) => "value",
                    (false, Status::Review) => "review",
                };
                values.push(mark(key, f.rect, class));
                if let Some((_, l)) = &f.trace.label {
                    labels.push(mark(key, *l, "label"));
                    let (lx, ly) = (i32::midpoint(l[0], l[2]), i32::midpoint(l[1], l[3]));
                    let (vx, vy) = (i32::midpoint(f.rect[0], f.rect[2]), i32::midpoint(f.rect[1], f.rect[3]));
                    let level = (ly - vy).abs() < (l[3] - l[1]).max(20);
                    arrows.push((
                        (*key).clone(),
                        if level { [l[2], ly, f.rect[0], vy] } else { [lx, l[3], vx, f.rect[1]] },
                    ));
                }
            }
            // (what is no region is told beside the form, and not drawn)
            let drawn = |r: &&[f64]| r.len() == 4 && r[0] < r[2] && r[1] < r[3];
            let region = region.as_deref().filter(|r| drawn(r) && on.is_none_or(|n| n == page.number)).map(|r| {
                let (w, h) = (page.w as f64, page.h as f64);
                [r[0] * w, r[1] * h, (r[2] - r[0]) * w, (r[3] - r[1]) * h].map(|x| x as i32)
            });
            Leaf { page, values, labels, arrows, region }
        })
        .collect()
}

/// `POST /rules/sheets/{id}/rule`: a rule as the form has it, into the draft.
pub async fn put(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(sent): Form<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let text = |key: &str| sent.get(key).cloned().unwrap_or_default();
    let asked = Asked { field: text("field"), when: text("when"), file: text("file"), todo: text("todo") };
    let ticked = |all: &[&str], name: &str| -> Vec<String> {
        all.iter().filter(|w| sent.contains_key(&format!("{name}-{w}"))).map(|w| (*w).to_owned()).collect()
    };
    let region: Vec<String> = (0..4).map(|n| text(&format!("r{n}")).trim().to_owned()).collect();
    let form = RuleForm {
        labels: text("labels"),
        shared: text("shared"),
        weak: text("weak"),
        not: text("not"),
        look: ticked(LOOKS, "look"),
        form: text("form"),
        pattern: text("pattern"),
        stop_at: text("stop_at"),
        normalise: ticked(NORMALISERS, "normalise"),
        check: ticked(CHECKS, "check"),
        options: text("options"),
        region: if region.iter().all(String::is_empty) { String::new() } else { region.join(" ") },
        page: if region.iter().all(String::is_empty) { String::new() } else { text("page") },
        accept: text("accept"),
        label: text("label"),
        kind: text("kind"),
    };
    web.store.sheet_seen(&id).await?.ok_or(Failure::NotFound)?;
    let desk = Desk::of(&web, &user).await?;
    let when = when_of(&asked.when);
    let spot = Spot { file: &asked.file, when: when.as_ref(), key: &asked.field };
    match desk.now.base.put(&desk.layer, &spot, &form) {
        Ok(layer) => {
            desk.keep(&web, &user, &layer).await?;
            Ok(Redirect::to(&asked.address(&id)).into_response())
        }
        Err(fault) => {
            let said = Said { form: Some(form), text: None, fault: Some(told(&fault)) };
            Ok(Html(page(&web, &user, &id, asked, said).await?).into_response())
        }
    }
}

#[derive(Deserialize)]
pub struct FileText {
    #[serde(flatten)]
    asked: Asked,
    #[serde(default)]
    text: String,
}

/// `POST /rules/sheets/{id}/file`: a whole file of the draft, as TOML.
pub async fn put_file(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(sent): Form<FileText>,
) -> Result<Response, Failure> {
    web.store.sheet_seen(&id).await?.ok_or(Failure::NotFound)?;
    let desk = Desk::of(&web, &user).await?;
    let mut layer = desk.layer.clone();
    layer.set(&sent.asked.file, &sent.text);
    match desk.now.base.check(&layer) {
        Ok(()) => {
            desk.keep(&web, &user, &layer).await?;
            Ok(Redirect::to(&sent.asked.address(&id)).into_response())
        }
        Err(fault) => {
            let said = Said { form: None, text: Some(sent.text), fault: Some(told(&fault)) };
            Ok(Html(page(&web, &user, &id, sent.asked, said).await?).into_response())
        }
    }
}

/// For the audit log, where something else than a page shows a sheet's values.
pub async fn note(web: &Web, user: &User, id: &str) -> Result<(), Failure> {
    Ok(web.store.log_access(user.actor(), "read_rules", id, json!({})).await?)
}
