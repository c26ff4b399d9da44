// @generated automatically by Diesel CLI.

diesel::table! {
    account_notices (id) {
        id -> Uuid,
        account_id -> Uuid,
        channel -> Text,
        address -> Text,
        template -> Text,
        params -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    accounts (id) {
        id -> Uuid,
        kind -> Text,
        mobile -> Nullable<Text>,
        email -> Nullable<Text>,
        wechat_open_id -> Nullable<Text>,
        password_hash -> Text,
        disabled_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    agreement_serials (school_id, class_year) {
        school_id -> Uuid,
        class_year -> Int2,
        last_serial -> Int4,
    }
}

diesel::table! {
    agreements (id) {
        id -> Uuid,
        channel -> Text,
        status -> Text,
        graduate_id -> Uuid,
        employer_id -> Nullable<Uuid>,
        school_id -> Uuid,
        department_id -> Uuid,
        terms -> Nullable<Jsonb>,
        response_deadline -> Nullable<Timestamptz>,
        review_route -> Nullable<Text>,
        awaiting_review -> Nullable<Text>,
        waiting_since -> Nullable<Timestamptz>,
        submitted_by -> Nullable<Uuid>,
        agreement_number -> Nullable<Text>,
        reason -> Nullable<Text>,
        version -> Int4,
        event_count -> Int4,
        event_hash -> Bytea,
        reminded_at -> Nullable<Timestamptz>,
        invited_at -> Nullable<Timestamptz>,
        accepted_at -> Nullable<Timestamptz>,
        department_approved_at -> Nullable<Timestamptz>,
        school_approved_at -> Nullable<Timestamptz>,
        signed_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
        draft -> Nullable<Jsonb>,
        private -> Bool,
        submitted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    case_events (id) {
        id -> Int8,
        txid -> Int8,
        occurred_at -> Timestamptz,
        case_kind -> Text,
        case_id -> Uuid,
        sequence -> Int4,
        actor_role -> Text,
        actor_account_id -> Nullable<Uuid>,
        action -> Text,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Nullable<Text>,
        changes -> Jsonb,
        graduate_id -> Nullable<Uuid>,
        employer_id -> Nullable<Uuid>,
        school_id -> Nullable<Uuid>,
        department_id -> Nullable<Uuid>,
        previous_hash -> Bytea,
        hash -> Bytea,
    }
}

diesel::table! {
    case_files (id) {
        id -> Uuid,
        case_kind -> Text,
        case_id -> Uuid,
        sequence -> Int4,
        position -> Int2,
        file_name -> Text,
        content_type -> Text,
        byte_size -> Int4,
        sha256 -> Bytea,
        original_sha256 -> Bytea,
        object_key -> Text,
        thumbnail_key -> Nullable<Text>,
        width -> Nullable<Int4>,
        height -> Nullable<Int4>,
        pages -> Nullable<Int4>,
        uploaded_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    departments (id) {
        id -> Uuid,
        school_id -> Uuid,
        code -> Text,
        name -> Text,
    }
}

diesel::table! {
    destination_sheets (id) {
        id -> Uuid,
        confirmation_id -> Uuid,
        version -> Int4,
        paper -> Jsonb,
        verification_number -> Text,
        object_key -> Nullable<Text>,
        sha256 -> Nullable<Bytea>,
        byte_size -> Nullable<Int4>,
        ready_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    destinations (id) {
        id -> Uuid,
        status -> Text,
        graduate_id -> Uuid,
        school_id -> Uuid,
        department_id -> Uuid,
        draft -> Jsonb,
        form -> Nullable<Jsonb>,
        warnings -> Jsonb,
        destination_type -> Text,
        private -> Bool,
        review_route -> Nullable<Text>,
        awaiting_review -> Nullable<Text>,
        waiting_since -> Nullable<Timestamptz>,
        submitted_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        version -> Int4,
        event_count -> Int4,
        event_hash -> Bytea,
        submitted_at -> Nullable<Timestamptz>,
        department_approved_at -> Nullable<Timestamptz>,
        school_approved_at -> Nullable<Timestamptz>,
        registered_at -> Nullable<Timestamptz>,
        voided_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    documents (id) {
        id -> Uuid,
        agreement_id -> Uuid,
        version -> Int4,
        paper -> Jsonb,
        verification_code -> Text,
        object_key -> Nullable<Text>,
        sha256 -> Nullable<Bytea>,
        byte_size -> Nullable<Int4>,
        ready_at -> Nullable<Timestamptz>,
        superseded_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        marked_key -> Nullable<Text>,
    }
}

diesel::table! {
    employer_licences (id) {
        id -> Uuid,
        employer_id -> Uuid,
        object_key -> Text,
        content_type -> Text,
        byte_size -> Int4,
        sha256 -> Bytea,
        stored_at -> Timestamptz,
    }
}

diesel::table! {
    employer_members (account_id) {
        account_id -> Uuid,
        employer_id -> Uuid,
        name -> Text,
        role -> Text,
        contact_mobile -> Nullable<Text>,
    }
}

diesel::table! {
    employers (id) {
        id -> Uuid,
        credit_code -> Text,
        name -> Text,
        nature -> Text,
        industry -> Text,
        region -> Text,
        address -> Text,
        verification -> Text,
        created_at -> Timestamptz,
        version -> Int4,
        event_count -> Int4,
        event_hash -> Bytea,
        submitted_at -> Timestamptz,
    }
}

diesel::table! {
    engagements (graduate_id) {
        graduate_id -> Uuid,
        case_kind -> Text,
        case_id -> Uuid,
        taken_at -> Timestamptz,
    }
}

diesel::table! {
    field_changes (case_id, sequence) {
        case_id -> Uuid,
        sequence -> Int4,
        changes -> Jsonb,
    }
}

diesel::table! {
    figure_counts (school_id, class_year, department_id, degree_level, major, destination_code) {
        school_id -> Uuid,
        class_year -> Int2,
        department_id -> Uuid,
        degree_level -> Text,
        major -> Text,
        destination_code -> Text,
        graduates -> Int4,
    }
}

diesel::table! {
    figure_deltas (id) {
        id -> Int8,
        school_id -> Uuid,
        class_year -> Int2,
        department_id -> Uuid,
        degree_level -> Text,
        major -> Text,
        destination_code -> Text,
        graduates -> Int4,
    }
}

diesel::table! {
    figure_snapshots (school_id, day, class_year, department_id, destination_code) {
        school_id -> Uuid,
        day -> Date,
        class_year -> Int2,
        department_id -> Uuid,
        destination_code -> Text,
        graduates -> Int4,
        taken_at -> Timestamptz,
    }
}

diesel::table! {
    graduate_import_problems (import_id, row_number, position) {
        import_id -> Uuid,
        row_number -> Int4,
        position -> Int2,
        field -> Text,
        code -> Text,
        other_row -> Nullable<Int4>,
    }
}

diesel::table! {
    graduate_imports (id) {
        id -> Uuid,
        school_id -> Uuid,
        created_by -> Uuid,
        file_name -> Text,
        file_format -> Text,
        byte_size -> Int4,
        object_key -> Text,
        sha256 -> Nullable<Bytea>,
        status -> Text,
        failure -> Nullable<Text>,
        failure_headings -> Jsonb,
        ignored_headings -> Jsonb,
        rows_total -> Nullable<Int4>,
        rows_done -> Int4,
        rows_created -> Int4,
        rows_updated -> Int4,
        rows_unchanged -> Int4,
        rows_failed -> Int4,
        created_at -> Timestamptz,
        upload_until -> Timestamptz,
        progressed_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    graduates (id) {
        id -> Uuid,
        account_id -> Uuid,
        school_id -> Uuid,
        department_id -> Uuid,
        class_year -> Int2,
        student_number -> Text,
        name -> Text,
        gender -> Text,
        id_card_number -> Text,
        degree_level -> Text,
        major -> Text,
        training_mode -> Text,
        origin_region -> Text,
        online_signing_allowed -> Bool,
        confirmed_at -> Nullable<Timestamptz>,
        version -> Int4,
        created_at -> Timestamptz,
        event_count -> Int4,
        event_hash -> Bytea,
    }
}

diesel::table! {
    idempotency_keys (account_id, key) {
        account_id -> Uuid,
        key -> Text,
        request_hash -> Bytea,
        response -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    jobs (id) {
        id -> Int8,
        queue -> Text,
        payload -> Jsonb,
        priority -> Int2,
        state -> Text,
        run_at -> Timestamptz,
        attempt -> Int4,
        max_attempts -> Int4,
        unique_key -> Nullable<Text>,
        lease_token -> Nullable<Uuid>,
        lease_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    leaving_confirmations (id) {
        id -> Uuid,
        graduate_id -> Uuid,
        class_year -> Int2,
        school_id -> Uuid,
        department_id -> Uuid,
        status -> Text,
        draft -> Jsonb,
        archive -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
        answer -> Nullable<Text>,
        confirmed_at -> Nullable<Timestamptz>,
        confirmed_case_id -> Nullable<Uuid>,
        confirmed_case_version -> Nullable<Int4>,
        confirmed_data_version -> Nullable<Int4>,
        transfer_number -> Nullable<Text>,
        reopened_until -> Nullable<Date>,
        authorised_until -> Nullable<Date>,
        version -> Int4,
        event_count -> Int4,
        event_hash -> Bytea,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    leaving_periods (school_id, class_year) {
        school_id -> Uuid,
        class_year -> Int2,
        opens_on -> Date,
        closes_on -> Date,
        cut_off_on -> Date,
    }
}

diesel::table! {
    login_throttles (identifier_hash) {
        identifier_hash -> Bytea,
        attempts -> Int4,
        last_attempt_at -> Timestamptz,
        locked_until -> Timestamptz,
        counted_since -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    manuals (source_sha256) {
        source_sha256 -> Bytea,
        sha256 -> Bytea,
        object_key -> Text,
        pages -> Int4,
        byte_size -> Int4,
        edition -> Date,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    member_invitations (id) {
        id -> Uuid,
        employer_id -> Uuid,
        email -> Text,
        name -> Text,
        role -> Text,
        token_hash -> Nullable<Bytea>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        delivery -> Text,
        silent -> Bool,
    }
}

diesel::table! {
    message_opt_outs (account_id, message_group, channel) {
        account_id -> Uuid,
        message_group -> Text,
        channel -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    messages (id) {
        id -> Uuid,
        event_id -> Nullable<Int8>,
        account_id -> Uuid,
        channel -> Text,
        template -> Text,
        params -> Jsonb,
        status -> Text,
        provider_reference -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
        read_at -> Nullable<Timestamptz>,
        digest_on -> Nullable<Date>,
    }
}

diesel::table! {
    operators (account_id) {
        account_id -> Uuid,
        name -> Text,
    }
}

diesel::table! {
    passcodes (id) {
        id -> Uuid,
        purpose -> Text,
        subject_hash -> Bytea,
        account_id -> Nullable<Uuid>,
        channel -> Text,
        address -> Nullable<Text>,
        code_hash -> Nullable<Text>,
        tries -> Int4,
        requested_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    placements (graduate_id) {
        graduate_id -> Uuid,
        school_id -> Uuid,
        class_year -> Int2,
        department_id -> Uuid,
        degree_level -> Text,
        major -> Text,
        destination_code -> Text,
        credit_code -> Nullable<Text>,
    }
}

diesel::table! {
    record_export_log (id) {
        id -> Uuid,
        export_id -> Uuid,
        number -> Text,
        action -> Text,
        occurred_at -> Timestamptz,
        account_id -> Uuid,
        account_name -> Text,
        school_id -> Uuid,
        department_id -> Nullable<Uuid>,
        subject -> Text,
        file_format -> Text,
        class_year -> Int2,
        personal_data -> Bool,
        row_count -> Nullable<Int4>,
    }
}

diesel::table! {
    record_exports (id) {
        id -> Uuid,
        number -> Text,
        school_id -> Uuid,
        department_id -> Nullable<Uuid>,
        created_by -> Uuid,
        subject -> Text,
        file_format -> Text,
        class_year -> Int2,
        personal_data -> Bool,
        status -> Text,
        failure -> Nullable<Text>,
        run -> Int4,
        rows_total -> Nullable<Int4>,
        rows_done -> Int4,
        byte_size -> Nullable<Int8>,
        sha256 -> Nullable<Bytea>,
        created_at -> Timestamptz,
        progressed_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    registration_keys (key_hash) {
        key_hash -> Bytea,
        request_hash -> Bytea,
        employer_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    request_throttles (bucket_hash) {
        bucket_hash -> Bytea,
        requests -> Int4,
        counted_since -> Timestamptz,
        last_request_at -> Timestamptz,
        forget_at -> Timestamptz,
    }
}

diesel::table! {
    review_assignments (case_id) {
        case_id -> Uuid,
        case_kind -> Text,
        level -> Text,
        waiting_since -> Timestamptz,
        account_id -> Uuid,
        assigned_at -> Timestamptz,
    }
}

diesel::table! {
    reviewers (account_id) {
        account_id -> Uuid,
        school_id -> Uuid,
        department_id -> Nullable<Uuid>,
        name -> Text,
    }
}

diesel::table! {
    school_review_routes (school_id, workflow) {
        school_id -> Uuid,
        workflow -> Text,
        review_route -> Text,
    }
}

diesel::table! {
    schools (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        contact_phone -> Nullable<Text>,
        address -> Nullable<Text>,
        default_review_route -> Text,
        created_at -> Timestamptz,
        version -> Int4,
        event_count -> Int4,
        event_hash -> Bytea,
        voiding_reviewed -> Bool,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        account_id -> Uuid,
        token_hash -> Bytea,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    stamped_copy_links (id) {
        id -> Uuid,
        agreement_id -> Uuid,
        channel -> Text,
        token_hash -> Nullable<Bytea>,
        delivery -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    terminations (id) {
        id -> Uuid,
        agreement_id -> Uuid,
        status -> Text,
        requested_by -> Text,
        reason_code -> Text,
        explanation -> Text,
        graduate_id -> Uuid,
        employer_id -> Nullable<Uuid>,
        school_id -> Uuid,
        department_id -> Uuid,
        review_route -> Nullable<Text>,
        awaiting_review -> Nullable<Text>,
        waiting_since -> Nullable<Timestamptz>,
        submitted_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        version -> Int4,
        event_count -> Int4,
        event_hash -> Bytea,
        requested_at -> Timestamptz,
        answered_at -> Nullable<Timestamptz>,
        department_approved_at -> Nullable<Timestamptz>,
        school_approved_at -> Nullable<Timestamptz>,
        terminated_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    uploads (id) {
        id -> Uuid,
        purpose -> Text,
        content_type -> Text,
        byte_size -> Int4,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        sha256 -> Nullable<Bytea>,
        account_id -> Nullable<Uuid>,
        agreement_id -> Nullable<Uuid>,
        file_name -> Nullable<Text>,
        state -> Nullable<Text>,
        refusal -> Nullable<Text>,
        handed_in_at -> Nullable<Timestamptz>,
        attached_at -> Nullable<Timestamptz>,
        clean_key -> Nullable<Text>,
        clean_content_type -> Nullable<Text>,
        clean_byte_size -> Nullable<Int4>,
        clean_sha256 -> Nullable<Bytea>,
        thumbnail_key -> Nullable<Text>,
        width -> Nullable<Int4>,
        height -> Nullable<Int4>,
        pages -> Nullable<Int4>,
    }
}

diesel::joinable!(account_notices -> accounts (account_id));
diesel::joinable!(agreement_serials -> schools (school_id));
diesel::joinable!(agreements -> accounts (submitted_by));
diesel::joinable!(agreements -> departments (department_id));
diesel::joinable!(agreements -> employers (employer_id));
diesel::joinable!(agreements -> graduates (graduate_id));
diesel::joinable!(agreements -> schools (school_id));
diesel::joinable!(case_events -> accounts (actor_account_id));
diesel::joinable!(case_files -> accounts (uploaded_by));
diesel::joinable!(departments -> schools (school_id));
diesel::joinable!(destination_sheets -> leaving_confirmations (confirmation_id));
diesel::joinable!(destinations -> accounts (submitted_by));
diesel::joinable!(destinations -> departments (department_id));
diesel::joinable!(destinations -> graduates (graduate_id));
diesel::joinable!(destinations -> schools (school_id));
diesel::joinable!(documents -> agreements (agreement_id));
diesel::joinable!(employer_licences -> employers (employer_id));
diesel::joinable!(employer_members -> accounts (account_id));
diesel::joinable!(employer_members -> employers (employer_id));
diesel::joinable!(engagements -> graduates (graduate_id));
diesel::joinable!(graduate_import_problems -> graduate_imports (import_id));
diesel::joinable!(graduate_imports -> accounts (created_by));
diesel::joinable!(graduate_imports -> schools (school_id));
diesel::joinable!(graduates -> accounts (account_id));
diesel::joinable!(graduates -> schools (school_id));
diesel::joinable!(idempotency_keys -> accounts (account_id));
diesel::joinable!(leaving_confirmations -> departments (department_id));
diesel::joinable!(leaving_confirmations -> graduates (graduate_id));
diesel::joinable!(leaving_confirmations -> schools (school_id));
diesel::joinable!(leaving_periods -> schools (school_id));
diesel::joinable!(member_invitations -> employers (employer_id));
diesel::joinable!(message_opt_outs -> accounts (account_id));
diesel::joinable!(messages -> accounts (account_id));
diesel::joinable!(messages -> case_events (event_id));
diesel::joinable!(operators -> accounts (account_id));
diesel::joinable!(passcodes -> accounts (account_id));
diesel::joinable!(placements -> graduates (graduate_id));
diesel::joinable!(record_export_log -> accounts (account_id));
diesel::joinable!(record_exports -> accounts (created_by));
diesel::joinable!(registration_keys -> employers (employer_id));
diesel::joinable!(review_assignments -> accounts (account_id));
diesel::joinable!(reviewers -> accounts (account_id));
diesel::joinable!(reviewers -> schools (school_id));
diesel::joinable!(school_review_routes -> schools (school_id));
diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(stamped_copy_links -> agreements (agreement_id));
diesel::joinable!(terminations -> accounts (submitted_by));
diesel::joinable!(terminations -> agreements (agreement_id));
diesel::joinable!(terminations -> departments (department_id));
diesel::joinable!(terminations -> employers (employer_id));
diesel::joinable!(terminations -> graduates (graduate_id));
diesel::joinable!(terminations -> schools (school_id));

diesel::allow_tables_to_appear_in_same_query!(
    account_notices,
    accounts,
    agreement_serials,
    agreements,
    case_events,
    case_files,
    departments,
    destination_sheets,
    destinations,
    documents,
    employer_licences,
    employer_members,
    employers,
    engagements,
    field_changes,
    figure_counts,
    figure_deltas,
    figure_snapshots,
    graduate_import_problems,
    graduate_imports,
    graduates,
    idempotency_keys,
    jobs,
    leaving_confirmations,
    leaving_periods,
    login_throttles,
    manuals,
    member_invitations,
    message_opt_outs,
    messages,
    operators,
    passcodes,
    placements,
    record_export_log,
    record_exports,
    registration_keys,
    request_throttles,
    review_assignments,
    reviewers,
    school_review_routes,
    schools,
    sessions,
    stamped_copy_links,
    terminations,
    uploads,
);
