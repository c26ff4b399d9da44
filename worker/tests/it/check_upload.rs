//! Files for cases, looked at by the workers of the product with a real object store.

use sha2::{Digest, Sha256};
use uuid::Uuid;
use wangqian_schema::{
    model::{
        case_upload::{self, CaseUpload, CleanCopy, UploadOwner, UploadRefusal, UploadState},
        upload,
    },
    step::{self, AnnouncedFile},
};

use crate::{made_files as made, support::eventually, world::World};

impl World {
    fn owner(&self) -> UploadOwner {
        UploadOwner::Account(self.graduate.account_id())
    }

    /// Announces a file of so many bytes, and puts some.
    async fn put(&self, content_type: &str, announced: usize, bytes: &[u8]) -> Uuid {
        let size = i32::try_from(announced).unwrap();
        let file = AnnouncedFile::parse("材料.bin", content_type, size).unwrap();
        let upload = step::announce_file(&self.platform, &self.owner(), &file)
            .await
            .unwrap();
        self.put_again(upload.id, content_type, bytes).await;
        upload.id
    }

    /// Puts other bytes, as a link that still holds does.
    async fn put_again(&self, id: Uuid, content_type: &str, bytes: &[u8]) {
        let key = upload::object_key(id);
        self.storage.put(&key, content_type, bytes).await.unwrap();
    }

    /// Says that the bytes are there; which is not looked at again here.
    async fn hand_in(&self, id: Uuid) {
        let size = self.upload(id).await.byte_size;
        let size = u64::try_from(size).unwrap();
        step::hand_in_file(&self.platform, &self.owner(), id, Some(size))
            .await
            .unwrap();
    }

    async fn upload(&self, id: Uuid) -> CaseUpload {
        let mut conn = self.platform.pool.get().await.unwrap();
        case_upload::load(&mut conn, id).await.unwrap().unwrap()
    }

    /// The upload, once it was looked at.
    async fn looked_at(&self, id: Uuid) -> CaseUpload {
        eventually("the file is looked at", async || {
            let upload = self.upload(id).await;
            (upload.state != UploadState::Checking).then_some(upload)
        })
        .await
    }

    async fn kept(&self, id: Uuid) -> CleanCopy {
        let upload = self.looked_at(id).await;
        let copy = upload.clean_copy();
        copy.unwrap_or_else(|| panic!("refused: {:?}", upload.refusal))
    }

    async fn has(&self, key: &str) -> bool {
        self.storage.head(key).await.unwrap().is_some()
    }

    async fn until_gone(&self, id: Uuid) {
        let key = upload::object_key(id);
        eventually("what was put is deleted", async || {
            (!self.has(&key).await).then_some(())
        })
        .await;
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_good_file_a_clean_copy_is_kept() {
    let world = World::new().await;
    let workers = world.work(&[]);
    let (dirty, pdf) = (made::png_and_page(), made::pdf());
    for (content_type, bytes, kept_as) in [
        ("image/png", &dirty, "image/png"),
        ("image/jpeg", &made::jpeg(), "image/jpeg"),
        ("image/webp", &made::webp(), "image/jpeg"),
        ("application/pdf", &pdf, "application/pdf"),
    ] {
        let id = world.put(content_type, bytes.len(), bytes).await;
        world.hand_in(id).await;
        let copy = world.kept(id).await;
        let stored = world.storage.get(&copy.object_key).await.unwrap();
        assert_eq!(copy.content_type, kept_as);
        assert_eq!(copy.original_sha256, Sha256::digest(bytes).to_vec());
        assert_eq!(copy.sha256, Sha256::digest(&stored).to_vec());
        assert_eq!(copy.object_key, case_upload::clean_key(id, &copy.sha256));
        assert_eq!(usize::try_from(copy.byte_size).unwrap(), stored.len());
        let head = world.storage.head(&copy.object_key).await.unwrap().unwrap();
        assert_eq!(head.content_type.as_deref(), Some(kept_as));
        assert!(!holds(&stored, made::PLACE) && !holds(&stored, made::HTML));
        if content_type == "application/pdf" {
            assert_eq!(
                (copy.pages, copy.width, copy.thumbnail_key),
                (Some(1), None, None)
            );
            assert_eq!(stored, pdf);
        } else {
            assert_eq!((copy.pages, copy.width, copy.height), (None, Some(40), Some(30)));
            let thumbnail = world.storage.get(&copy.thumbnail_key.unwrap()).await.unwrap();
            assert!(thumbnail.starts_with(b"\xff\xd8\xff"), "a JPEG");
        }
        world.until_gone(id).await;
        // The link still holds: what it puts changes nothing that is kept.
        world.put_again(id, content_type, &made::bomb()).await;
        world.hand_in(id).await;
        assert_eq!(world.kept(id).await.sha256, copy.sha256);
        assert_eq!(world.storage.get(&copy.object_key).await.unwrap(), stored);
    }
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_file_is_refused_for_good_and_nothing_of_it_is_kept() {
    let world = World::new().await;
    let workers = world.work(&[]);
    for file in made::hostile() {
        let id = world.put(file.content_type, file.bytes.len(), &file.bytes).await;
        world.hand_in(id).await;
        let upload = world.looked_at(id).await;
        let refusal = upload.refusal.map(UploadRefusal::as_str);
        assert_eq!(refusal, Some(file.refusal), "{}", file.name);
        assert_eq!(upload.clean_copy(), None);
        world.until_gone(id).await;
    }
    // The store lets a link put nothing else than announced; looked at again all the same.
    let png = made::png();
    for (announced, bytes, refusal) in [
        (png.len() + 1, &png[..], UploadRefusal::WrongSize),
        (png.len() - 1, &png[..], UploadRefusal::WrongSize),
        (png.len(), &[][..], UploadRefusal::WrongSize),
    ] {
        let id = world.put("image/png", announced, bytes).await;
        world.hand_in(id).await;
        assert_eq!(world.looked_at(id).await.refusal, Some(refusal));
    }
    let id = world.put("image/png", png.len(), &png).await;
    world.storage.delete(&upload::object_key(id)).await.unwrap();
    world.hand_in(id).await;
    assert_eq!(
        world.looked_at(id).await.refusal,
        Some(UploadRefusal::FileMissing)
    );
    assert!(!world.objects().join("files").exists(), "nothing was stored");
    let parked = "SELECT count(*) FROM jobs WHERE queue = 'check_upload' AND state <> 'DONE'";
    world.comes_to(0, parked).await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_broken_off_is_made_good_by_the_next() {
    let world = World::new().await;
    let png = made::png();
    let id = world.put("image/png", png.len(), &png).await;
    world.hand_in(id).await;
    // What cannot be stored is tried again: where the copy should lie there is a file instead of a folder.
    let in_its_way = world.objects().join("files");
    std::fs::write(&in_its_way, "no folder").unwrap();
    let workers = world.work(&["--retry-first-seconds", "0"]);
    let failed =
        "SELECT count(*) FROM jobs WHERE queue = 'check_upload' AND last_error LIKE '%could not be stored%'";
    world.comes_to(1, failed).await;
    assert_eq!(world.upload(id).await.state, UploadState::Checking);
    std::fs::remove_file(&in_its_way).unwrap();
    let copy = world.kept(id).await;
    world.until_gone(id).await;

    // Its worker was killed after everything was stored, before it was noted.
    world.put_again(id, "image/png", &png).await;
    let again = "UPDATE uploads SET state = 'CHECKING'; \
                 UPDATE jobs SET state = 'READY', finished_at = NULL, run_at = now() WHERE queue = 'check_upload'";
    world.db.execute(again).await;
    assert_eq!(world.kept(id).await, copy);
    world.until_gone(id).await;

    // The same, and the link has put another file since.
    let jpeg = made::jpeg();
    let other = world.put("image/jpeg", jpeg.len(), &jpeg).await;
    let mut conn = world.platform.pool.get().await.unwrap();
    world
        .db
        .execute(&format!(
            "UPDATE uploads SET state = 'CHECKING', handed_in_at = now() WHERE id = '{other}'"
        ))
        .await;
    let noted = CleanCopy {
        object_key: case_upload::clean_key(other, &copy.sha256),
        ..copy
    };
    assert!(case_upload::note_copy(&mut conn, other, &noted).await.unwrap());
    let check = wangqian_schema::jobs::CheckUpload { upload_id: other };
    wangqian_schema::jobs::enqueue(&conn, &check, world.platform.clock.now())
        .await
        .unwrap();
    drop(conn);
    assert_eq!(
        world.looked_at(other).await.refusal,
        Some(UploadRefusal::FileChanged)
    );
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_on_which_the_workers_die_is_given_up() {
    let world = World::new().await;
    let png = made::png();
    let id = world.put("image/png", png.len(), &png).await;
    world.hand_in(id).await;
    world
        .db
        .execute("UPDATE jobs SET max_attempts = 1 WHERE queue = 'check_upload'")
        .await;
    let workers = world.work(&[]);
    assert_eq!(world.looked_at(id).await.refusal, Some(UploadRefusal::GivenUp));
    world.until_gone(id).await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_comes_too_late_takes_away_what_it_has_stored() {
    let world = World::new().await;
    // The sweep gives the upload up between the note and the store.
    world
        .db
        .execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
               UPDATE uploads SET state = 'REFUSED', refusal = 'EXPIRED' WHERE id = NEW.id; RETURN NULL; END $$; \
             CREATE TRIGGER lose AFTER UPDATE ON uploads FOR EACH ROW \
               WHEN (OLD.clean_key IS NULL AND NEW.clean_key IS NOT NULL) EXECUTE FUNCTION lose()",
        )
        .await;
    let png = made::png();
    let id = world.put("image/png", png.len(), &png).await;
    world.hand_in(id).await;
    let workers = world.work(&[]);
    world
        .comes_to(
            1,
            "SELECT count(*) FROM jobs WHERE queue = 'check_upload' AND state = 'DONE'",
        )
        .await;
    let noted = world.db.text("SELECT clean_key FROM uploads").await;
    for key in [noted, case_upload::thumbnail_key(id)] {
        assert!(!world.has(&key).await, "{key}");
    }
    assert_eq!(world.upload(id).await.refusal, Some(UploadRefusal::Expired));
    workers.stop().await;
}
