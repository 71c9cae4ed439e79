//! A daily look at orders for home nursing that end: their rooms' members get a letter 14 and 3 days before, without
//! anything about the patient. Looked at again after a start; a letter that was put is not put again.

use jiff::civil::Date;

use crate::store::deadlines::Reminder;
use crate::store::letters::Letter;
use crate::store::{Store, StoreError, status};

/// Letters are put from this hour on.
const HOUR: i8 = 8;

/// What remembers the last look.
#[derive(Debug, Default)]
pub struct Reminders {
    looked: Option<Date>,
}

impl Reminders {
    /// Looks once a day; of a look that fails the next one is the repair.
    pub async fn look(&mut self, store: &Store, base_url: &str) {
        let now = status::local(store.now());
        if now.hour() < HOUR || self.looked == Some(now.date()) {
            return;
        }
        match remind(store, base_url).await {
            Ok(rooms) => {
                self.looked = Some(now.date());
                tracing::info!(rooms, "orders that end were looked for");
            }
            Err(e) => tracing::error!(error = %e, "orders that end cannot be looked for"),
        }
    }
}

async fn remind(store: &Store, base_url: &str) -> Result<usize, StoreError> {
    let due = store.reminders().await?;
    for reminder in &due {
        let letters: Vec<Letter> = reminder.members.iter().map(|m| letter(reminder, m, base_url)).collect();
        store.remind(reminder, &letters).await?;
    }
    Ok(due.len())
}

fn letter(r: &Reminder, mail: &str, base_url: &str) -> Letter {
    let (d, day) = (&r.of, r.of.due.strftime("%Y年%-m月%-d日"));
    let sender = if d.sender.is_empty() { "（確認中）" } else { &d.sender };
    let order = match (d.special, d.is_special()) {
        (true, _) => "特別訪問看護指示書",
        (false, true) => "訪問看護指示書（14日以内の指示）",
        (false, false) => "訪問看護指示書",
    };
    let counted = if d.is_counted() { "（開始日から数えた、遅くともの日です）" } else { "" };
    Letter {
        key: format!("order-{}-{}-{}-{mail}", d.document, d.due, r.days),
        recipient: mail.to_owned(),
        subject: format!("【faxbridge】{order}の期間が{day}に終わります"),
        body: format!(
            "{order}の指示期間が {day} に終わります{counted}（{}日前のお知らせ）。\r\n発信元: {sender}\r\n部屋: {}\r\n\r\n{base_url}/documents/{}\r\n",
            r.days, d.room, d.document
        ),
        attached: None,
    }
}
