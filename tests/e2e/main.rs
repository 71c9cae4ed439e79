//! The whole daemon against real servers on loopback: Dovecot, an SMTP receiver (Debian's aiosmtpd), PostgreSQL,
//! PgBouncer, an S3-compatible store (moto), real folders and Maildirs, `kill -9`, strace. One binary, so that it links once; each test owns its folder, ports and processes.
//!
//! Waiting is always for a state, by bounded polling ([`until`]).

mod backup;
mod bad;
mod browser;
mod canary;
mod client;
mod crash;
mod door;
mod dovecot;
mod home;
mod hostile;
mod hosts;
mod imap;
mod logs;
mod mail;
mod notices;
mod order;
mod outside;
mod postgres;
mod review;
mod rooms;
mod route;
mod rules;
mod s3;
mod signals;
mod smtp;
mod strace;
mod versions;
mod wait;
mod watch;

use wait::{free_port, listening, until};
