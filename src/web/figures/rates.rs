//! What blind samples tell: error rates by field and hospital with their intervals, and fields that fell back.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;

use super::{FIGURES, Hospitals, percent};
use crate::account::Lang;
use crate::figures::interval::Sums;
use crate::store::samples::Rate;
use crate::web::frame::Frame;
use crate::web::gate::{self, ADMIN, Route, User, get, post};
use crate::web::{Failure, Web, view, words};

/// Fallbacks that are shown at once.
const LIST: i64 = 100;

pub fn routes() -> Vec<Route> {
    vec![get(FIGURES, "/admin/samples", page), post(ADMIN, "/admin/samples/{id}/lift", lift)]
}

/// A rate with its interval.
pub struct Line {
    pub name: String,
    pub checked: i64,
    pub errors: i64,
    pub rate: String,
    pub interval: String,
    /// Above what is allowed, for certain.
    pub beyond: bool,
    /// Parts of the picture's width, of 300: the interval's ends and the rate.
    pub bar: (i64, i64, i64),
}

struct Fallen {
    id: String,
    field: String,
    hospital: String,
    since: String,
    checked: i64,
    errors: i64,
    lower: String,
    lifted: Option<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "figures/rates.html")]
struct Page {
    frame: Frame,
    whole: Option<Line>,
    fields: Vec<Line>,
    hospitals: Vec<Line>,
    pairs: Vec<Line>,
    limit: Option<String>,
    fallen: Vec<Fallen>,
    lifted: Vec<Fallen>,
    waiting: i64,
}

/// Right end of the picture's scale.
const SCALE: f64 = 0.10;
const WIDTH: f64 = 300.0;

fn line(name: String, sums: &Sums, limit: f64) -> Line {
    let e = sums.estimate();
    let at = |share: f64| ((share / SCALE).min(1.0) * WIDTH).round() as i64;
    Line {
        name,
        checked: e.checked,
        errors: e.errors,
        rate: percent(e.rate),
        interval: format!("{}–{}", percent(e.lower), percent(e.upper)),
        beyond: limit > 0.0 && e.errors > 1 && e.lower > limit,
        bar: (at(e.lower), at(e.upper), at(e.rate)),
    }
}

/// All together, by field, by hospital, and the pairs with errors; the worst first.
pub struct Rates {
    pub whole: Option<Line>,
    pub fields: Vec<Line>,
    pub hospitals: Vec<Line>,
    pub pairs: Vec<Line>,
}

pub fn rates(all: &[Rate], hospitals: &Hospitals, limit: f64, lang: Lang) -> Rates {
    let mut whole = Sums::default();
    let (mut by_field, mut by_hospital) = (BTreeMap::<&str, Sums>::new(), BTreeMap::<&str, Sums>::new());
    for r in all {
        whole = whole.plus(r.sums);
        for sums in [by_field.entry(&r.field).or_default(), by_hospital.entry(&r.hospital).or_default()] {
            *sums = sums.plus(r.sums);
        }
    }
    let worst = |mut lines: Vec<(Sums, Line)>| {
        let key = |s: &Sums| s.estimate();
        lines.sort_by(|(a, _), (b, _)| {
            let (a, b) = (key(a), key(b));
            b.lower.total_cmp(&a.lower).then(b.rate.total_cmp(&a.rate)).then(b.checked.cmp(&a.checked))
        });
        lines.into_iter().map(|(_, line)| line).collect::<Vec<Line>>()
    };
    let label = |key: &str| words::label(key);
    let pairs = all.iter().filter(|r| r.sums.errors > 0).map(|r| {
        let name = format!("{}　{}", label(&r.field), hospitals.name(&r.hospital, lang));
        (r.sums, line(name, &r.sums, limit))
    });
    Rates {
        whole: (whole.checked > 0).then(|| line(lang.say("すべての項目", "all fields").to_owned(), &whole, 0.0)),
        fields: worst(by_field.iter().map(|(k, s)| (*s, line(label(k), s, limit))).collect()),
        hospitals: worst(by_hospital.iter().map(|(k, s)| (*s, line(hospitals.name(k, lang), s, 0.0))).collect()),
        pairs: worst(pairs.collect()),
    }
}

/// `GET /admin/samples`
async fn page(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    let frame = Frame::of(&web, &user, "admin").await?;
    let (hospitals, today, lang) = (Hospitals::of(&web).await?, view::today(), user.lang());
    let limit = web.store.sample_limit();
    let Rates { whole, fields, hospitals: by_hospital, pairs } =
        rates(&web.store.sample_rates().await?, &hospitals, limit.unwrap_or(0.0), lang);
    let fallen = web.store.fallbacks(LIST).await?.into_iter().map(|f| Fallen {
        field: words::label(&f.field),
        hospital: hospitals.name(&f.hospital, lang),
        since: view::moment(f.since, today),
        checked: f.checked,
        errors: f.errors,
        lower: percent(f.lower as f64 / 1e6),
        lifted: f.lifted.map(|(at, by, why)| (view::moment(at, today), by, why)),
        id: f.id,
    });
    let (fallen, lifted) = fallen.partition(|f| f.lifted.is_none());
    let page = Page {
        whole,
        fields,
        hospitals: by_hospital,
        pairs,
        limit: limit.map(percent),
        fallen,
        lifted,
        waiting: web.store.samples_open().await?,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

#[derive(Deserialize)]
struct Why {
    reason: String,
}

/// `POST /admin/samples/{id}/lift`
async fn lift(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(why): Form<Why>,
) -> Result<Redirect, Failure> {
    web.store.lift_fallback(&id, &why.reason, user.actor()).await?;
    Ok(Redirect::to("/admin/samples"))
}
