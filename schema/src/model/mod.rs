//! What is kept, one file a noun: rows, inserts and queries. `visible_to` of a noun is the one place that says who sees
//! it.

mod aged;
mod case_reads;

pub mod account;
pub mod account_notice;
pub mod agreement;
pub mod case;
pub mod case_file;
pub mod case_upload;
pub mod delivery;
pub mod destination;
pub mod destination_sheet;
pub mod document;
pub mod employer;
pub mod engagement;
pub mod event;
pub mod field_change;
pub mod figure;
pub mod figure_snapshot;
pub mod graduate;
pub mod graduate_import;
pub mod idempotency;
pub mod leaving;
pub mod leaving_announcement;
pub mod leaving_period;
pub mod licence;
pub mod login_throttle;
pub mod manual;
pub mod member;
pub mod message;
pub mod message_preference;
pub mod page;
pub mod passcode;
pub mod placement;
pub mod record_export;
pub mod record_export_log;
pub mod registration;
pub mod request_throttle;
pub mod review_assignment;
pub mod review_digest;
pub mod review_flag;
pub mod review_queue;
pub mod reviewer;
pub mod school;
pub mod secret_link;
pub mod session;
pub mod stamped_copy_link;
pub mod stored_paper;
pub mod termination;
pub mod terms;
pub mod upload;
pub mod viewer;

pub use page::{Page, PageRequest};
pub use viewer::Viewer;
