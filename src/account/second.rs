//! The second factor beside a password: time-based one-time passwords (RFC 6238), six digits, 30 seconds, one step of
//! tolerance, each step good for one use.

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use totp_rs::{Builder, Secret, Totp};

/// A new secret of 160 bits, in base32.
pub fn secret() -> String {
    Secret::from(super::token::random::<20>().to_vec()).to_base32()
}

/// The secret of an account.
pub struct Second(Totp);

impl Second {
    /// None where the text is no secret.
    pub fn of(secret: &str, login: &str) -> Option<Second> {
        let secret = Secret::try_from_base32(secret).ok()?;
        // The address may hold no colon in the label (Key Uri Format).
        let builder = Builder::new()
            .with_secret(secret)
            .with_skew(1)
            .with_account_name(login.replace(':', " "))
            .with_issuer(Some("faxbridge"));
        builder.build().ok().map(Second)
    }

    /// The step that the code is of, where it is one of now. `now` in seconds since 1970.
    pub fn step(&self, code: &str, now: u64) -> Option<u64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        self.0.check(&digits, now)
    }

    /// What the app is to be given, as `otpauth://…`.
    pub fn address(&self) -> String {
        self.0.to_url().unwrap_or_default()
    }

    /// The address as a QR code: an SVG, 8 bits a colour, black on white.
    pub fn picture(&self) -> String {
        QRBuilder::new(self.address()).build().map_or_else(|_| String::new(), |qr| SvgBuilder::default().to_str(&qr))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::from(b"12345678901234567890".to_vec()).to_base32();
        let second = Second::of(&secret, "nurse@example.jp").expect("a secret");
        for (now, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(second.step(code, now), Some(now / 30), "{now}");
            assert_eq!(second.step(code, now + 90), None, "{now}: three steps later");
        }
        assert_eq!(second.step("287 082", 59), Some(1), "as the app shows it");
    }

    #[test]
    fn an_app_can_scan_it() {
        let second = Second::of(&secret(), "nurse@example.jp").expect("a secret");
        assert!(second.address().starts_with("otpauth://totp/faxbridge:"), "{}", second.address());
        assert!(second.picture().starts_with("<svg"));
        assert!(Second::of("not a secret!", "x@y.jp").is_none());
    }
}
