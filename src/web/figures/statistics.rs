//! How the service is used (活用状況): tables and pictures of a span of days, each table as CSV as well, and what a
//! sender's sheets usually lack.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use serde::Deserialize;
use serde_json::json;

use super::chart::{Chart, bars};
use super::{FIGURES, Hospitals};
use crate::account::Lang;
use crate::figures::statistics::{Span, Statistics};
use crate::figures::tables::{self, Table};
use crate::report;
use crate::web::frame::Frame;
use crate::web::gate::{self, Route, User, get};
use crate::web::{Failure, Web, view, words};

/// Longest span that is counted at once, days.
const LONGEST: i64 = 1_100;
/// What was counted is shown again for so long; so a page costs little however many sheets there are.
const FRESH: Duration = Duration::from_secs(60);
/// Spans that are kept.
const KEPT: usize = 24;

pub fn routes() -> Vec<Route> {
    vec![
        get(FIGURES, "/statistics", page),
        get(FIGURES, "/statistics/csv/{table}", csv),
        get(FIGURES, "/statistics/gaps", gaps),
        get(FIGURES, "/statistics/report.pdf", pdf),
    ]
}

/// When it was counted, and what.
type Counted = (Instant, Arc<Statistics>);

/// What was counted not long ago.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<HashMap<Span, Counted>>>);

impl Kept {
    /// The statistics of these days, counted within the last minute.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of(&self, web: &Web, span: Span) -> Result<Arc<Statistics>, Failure> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&span).cloned();
        if let Some((at, s)) = kept
            && at.elapsed() < FRESH
        {
            return Ok(s);
        }
        let counted = Arc::new(web.store.statistics(span).await?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (at, _)| at.elapsed() < FRESH);
        if all.len() < KEPT {
            all.insert(span, (Instant::now(), counted.clone()));
        }
        Ok(counted)
    }
}

/// A month, or two days; else this month.
#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    pub month: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    /// Of the page about what is lacking.
    #[serde(default)]
    hospital: String,
}

impl Asked {
    /// # Errors
    /// A sentence for a person.
    pub fn span(&self) -> Result<Span, Failure> {
        let refused = |why: &str| Failure::Refused(why.to_owned());
        if !self.month.is_empty() {
            return Span::month(&self.month).ok_or_else(|| refused("月は 2026-11 の形で入れてください"));
        }
        if self.from.is_empty() && self.until.is_empty() {
            return Ok(Span::month_of(view::today()));
        }
        let date = |text: &str| text.parse().map_err(|_| refused("日付は 2026-11-01 の形で入れてください"));
        let span = Span { first: date(&self.from)?, last: date(&self.until)? };
        if span.days() < 1 || span.days() > LONGEST {
            return Err(refused("期間は、1日から3年までにしてください"));
        }
        Ok(span)
    }
}

#[derive(Template)]
#[template(path = "figures/statistics.html")]
struct Page {
    frame: Frame,
    title: String,
    /// As it is asked for again.
    from: String,
    until: String,
    month: String,
    before: String,
    after: Option<String>,
    charts: Vec<Chart>,
    tables: Vec<Table>,
}

/// `GET /statistics`
async fn page(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let span = asked.span()?;
    let frame = Frame::of(&web, &user, "statistics").await?;
    let (s, hospitals, lang) = (web.statistics.of(&web, span).await?, Hospitals::of(&web).await?, user.lang());
    let english = lang == Lang::En;
    let name = |h: &str| hospitals.name(h, lang);
    let month = |d: jiff::civil::Date| format!("{:04}-{:02}", d.year(), d.month());
    let after = span.last.first_of_month().saturating_add(1.month());
    let page = Page {
        title: tables::title(span, english),
        from: span.first.to_string(),
        until: span.last.to_string(),
        month: month(span.first),
        before: month(span.first.first_of_month().saturating_sub(1.month())),
        after: (after <= view::today()).then(|| month(after)),
        charts: charts(&s, &frame, &name),
        tables: super::shown(&s, &hospitals, lang),
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

fn charts(s: &Statistics, frame: &Frame, name: &dyn Fn(&str) -> String) -> Vec<Chart> {
    let course = tables::course_of(s);
    let short = |day: &str| day.rsplit('-').next().unwrap_or(day).trim_start_matches('0').to_owned();
    let label = |day: &str| if s.span.days() > 62 { day.to_owned() } else { short(day) };
    let course: Vec<(String, i64, i64)> = course.iter().map(|(day, (n, m))| (label(day), *n, *m)).collect();
    let mut senders: Vec<(String, i64, i64)> =
        s.by(|g| &g.hospital).into_iter().map(|(h, c)| (name(h), c.sheets, c.machine)).collect();
    senders.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    senders.truncate(12);
    let words = (frame.say("届いた用紙", "Sheets"), frame.say("うち自動で掲載", "of them posted automatically"));
    vec![
        bars("course", frame.say("時期別の用紙数", "Sheets by time"), words, &course, false),
        bars(
            "senders",
            frame.say("発信元別の用紙数（多い順に12まで）", "Sheets by sender (the 12 largest)"),
            words,
            &senders,
            true,
        ),
    ]
}

/// `GET /statistics/csv/{table}`
async fn csv(
    State(web): State<Web>,
    user: User,
    Path(table): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let span = asked.span()?;
    let (s, hospitals, lang) = (web.statistics.of(&web, span).await?, Hospitals::of(&web).await?, user.lang());
    let all = super::shown(&s, &hospitals, lang);
    let table = table.strip_suffix(".csv").unwrap_or(&table);
    let table = all.into_iter().find(|t| t.key == table).ok_or(Failure::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}-{}-{}.csv\"", table.key, span.first, span.last),
        ),
    ];
    Ok((headers, table.csv()).into_response())
}

/// `GET /statistics/report.pdf`: the monthly report, in Japanese.
async fn pdf(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let span = asked.span()?;
    let (s, hospitals) = (web.statistics.of(&web, span).await?, Hospitals::of(&web).await?);
    web.store.log_access(user.actor(), "report", "statistics", json!({"from": span.first.to_string()})).await?;
    let made = view::today().to_string();
    let name = move |h: &str| hospitals.name(h, Lang::Ja);
    let own = web.options.rules.now().own.clone();
    let made = tokio::task::spawn_blocking(move || report::pdf(&s, &name, &own, &made)).await;
    let bytes = made.map_err(|e| Failure::Broken(e.to_string()))?.map_err(Failure::Refused)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"faxbridge-{}.pdf\"", &span.first.to_string()[..7]),
        ),
    ];
    Ok((headers, bytes).into_response())
}

struct GapLine {
    kind: String,
    item: String,
    missing: i64,
    unreadable: i64,
    of: i64,
    share: String,
}

#[derive(Template)]
#[template(path = "figures/gaps.html")]
struct Gaps {
    frame: Frame,
    title: String,
    from: String,
    until: String,
    hospital: String,
    name: String,
    hospitals: Vec<(String, String)>,
    lines: Vec<GapLine>,
}

/// `GET /statistics/gaps`: what a sender's sheets usually lack.
async fn gaps(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let span = asked.span()?;
    let frame = Frame::of(&web, &user, "statistics").await?;
    let (names, lang) = (Hospitals::of(&web).await?, user.lang());
    let hospitals = web.store.figure_hospitals(span).await?;
    let hospital = if asked.hospital.is_empty() {
        hospitals.iter().find(|h| !h.0.is_empty()).map(|h| h.0.clone()).unwrap_or_default()
    } else {
        asked.hospital.clone()
    };
    let line = |g: crate::store::statistics::Gap| GapLine {
        kind: words::kind(&g.kind).to_owned(),
        item: super::item(&g.item),
        share: super::percent((g.missing + g.unreadable) as f64 / g.of.max(1) as f64),
        missing: g.missing,
        unreadable: g.unreadable,
        of: g.of,
    };
    let page = Gaps {
        title: tables::title(span, lang == Lang::En),
        from: span.first.to_string(),
        until: span.last.to_string(),
        name: names.name(&hospital, lang),
        lines: web.store.gaps(&hospital, span).await?.into_iter().map(line).collect(),
        hospitals: hospitals.into_iter().map(|(h, _)| (names.name(&h, lang), h)).map(|(n, h)| (h, n)).collect(),
        hospital,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}
