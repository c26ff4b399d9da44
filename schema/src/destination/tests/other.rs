//! The own fields of all other types: service, business, study, intentions.

use super::*;

#[test]
fn grassroots() {
    macro_rules! cases {
        ($variant:ident) => {
            &[
                ("serviceUnit", |d| of!(d, $variant).service_unit = None),
                ("serviceUnit", |d| {
                    of!(d, $variant).service_unit = Some("位".repeat(101))
                }),
                ("serviceRegion", |d| of!(d, $variant).service_region = None),
                ("serviceRegion", |d| {
                    of!(d, $variant).service_region = some("000000")
                }),
                ("startOn", |d| of!(d, $variant).start_on = None),
                ("endOn", |d| of!(d, $variant).end_on = Some(on(2027, 7, 1))),
            ]
        };
    }
    each_is_named(DestinationType::NationalGrassroots, cases!(NationalGrassroots));
    each_is_named(DestinationType::LocalGrassroots, cases!(LocalGrassroots));
    each_is_named(
        DestinationType::NationalGrassroots,
        &[
            ("endOn", |d| of!(d, NationalGrassroots).end_on = None),
            ("programme", |d| {
                of!(d, NationalGrassroots).programme = some("西部计划")
            }),
            ("level", |d| {
                of!(d, NationalGrassroots).level = Some(ProgrammeLevel::Province)
            }),
        ],
    );
    each_is_named(
        DestinationType::LocalGrassroots,
        &[
            ("programme", |d| of!(d, LocalGrassroots).programme = None),
            ("programme", |d| {
                of!(d, LocalGrassroots).programme = Some("项".repeat(51))
            }),
            ("level", |d| of!(d, LocalGrassroots).level = None),
        ],
    );
    each_may_be_left_out(
        DestinationType::LocalGrassroots,
        &[|d| of!(d, LocalGrassroots).end_on = None],
    );
}

#[test]
fn self_employed() {
    fn company(draft: &mut DestinationDraft) -> &mut CompanyDraft {
        match of!(draft, SelfEmployed) {
            BusinessDraft::Company(company) => company,
            _ => panic!("another shape"),
        }
    }
    fn incubator(draft: &mut DestinationDraft, spoil: fn(&mut IncubatorDraft)) {
        let mut incubator = IncubatorDraft {
            name: some("示例孵化器"),
            agreement_number: some("示例-1"),
        };
        spoil(&mut incubator);
        draft.national_code = some("752");
        draft.details = DetailsDraft::SelfEmployed(BusinessDraft::Incubator(incubator));
    }
    fn shop(draft: &mut DestinationDraft, spoil: fn(&mut ECommerceDraft)) {
        let mut shop = ECommerceDraft {
            platform: some("示例平台"),
            shop_url: some("https://shop.example.com/1?a=b"),
            shop_name: some("示例网店"),
        };
        spoil(&mut shop);
        draft.national_code = None;
        draft.details = DetailsDraft::SelfEmployed(BusinessDraft::ECommerce(shop));
    }
    each_is_named(
        DestinationType::SelfEmployed,
        &[
            ("name", |d| company(d).name = None),
            ("name", |d| company(d).name = some("一")),
            ("creditCode", |d| company(d).credit_code = None),
            ("creditCode", |d| {
                company(d).credit_code = some("91000000MA00000011")
            }),
            ("role", |d| company(d).role = None),
            ("sharePercent", |d| company(d).share_percent = Some(0)),
            ("sharePercent", |d| company(d).share_percent = Some(101)),
            ("foundedOn", |d| company(d).founded_on = None),
            ("foundedOn", |d| company(d).founded_on = Some(on(2027, 3, 6))),
            ("name", |d| incubator(d, |i| i.name = None)),
            ("agreementNumber", |d| incubator(d, |i| i.agreement_number = None)),
            ("agreementNumber", |d| {
                incubator(d, |i| i.agreement_number = Some("1".repeat(51)))
            }),
            ("platform", |d| shop(d, |s| s.platform = None)),
            ("shopName", |d| shop(d, |s| s.shop_name = Some("店".repeat(51)))),
            ("shopUrl", |d| shop(d, |s| s.shop_url = None)),
            ("shopUrl", |d| shop(d, |s| s.shop_url = some("shop.example.com"))),
            ("shopUrl", |d| {
                shop(d, |s| s.shop_url = some("javascript:alert(1)"))
            }),
            ("shopUrl", |d| shop(d, |s| s.shop_url = some("https://shop"))),
            ("shopUrl", |d| {
                shop(d, |s| s.shop_url = some("https://a@shop.example.com"))
            }),
            ("shopUrl", |d| {
                shop(d, |s| s.shop_url = some("https://shop.example.com/ 1"))
            }),
            ("shopUrl", |d| {
                shop(d, |s| {
                    s.shop_url = Some(format!("https://example.com/{}", "a".repeat(300)))
                })
            }),
        ],
    );
    each_may_be_left_out(
        DestinationType::SelfEmployed,
        &[
            |d| company(d).share_percent = None,
            |d| incubator(d, |_| ()),
            |d| shop(d, |_| ()),
        ],
    );
    let mut draft = full(DestinationType::SelfEmployed);
    shop(&mut draft, |_| ());
    let kept = draft.check(&context()).unwrap().destination;
    assert_eq!(kept.national_code, "753");
    assert_eq!(serde_json::from_value::<Destination>(json(&kept)).unwrap(), kept);
}

#[test]
fn freelance() {
    each_is_named(
        DestinationType::Freelance,
        &[
            ("occupation", |d| of!(d, Freelance).occupation = None),
            ("occupation", |d| {
                of!(d, Freelance).occupation = Some("业".repeat(51))
            }),
            ("incomeSource", |d| of!(d, Freelance).income_source = None),
            ("incomeSource", |d| {
                of!(d, Freelance).income_source = Some("源".repeat(201))
            }),
            ("region", |d| of!(d, Freelance).region = None),
            ("region", |d| of!(d, Freelance).region = some("000000")),
            ("monthlyIncome", |d| of!(d, Freelance).monthly_income = None),
            ("monthlyIncome", |d| {
                of!(d, Freelance).monthly_income = Some(2_539)
            }),
        ],
    );
}

#[test]
fn study_in_the_mainland() {
    macro_rules! cases {
        ($variant:ident) => {
            &[
                ("institution", |d| of!(d, $variant).institution = None),
                ("institution", |d| {
                    of!(d, $variant).institution = Some("校".repeat(101))
                }),
                ("major", |d| of!(d, $variant).major = None),
                ("major", |d| of!(d, $variant).major = Some("业".repeat(101))),
                ("level", |d| {
                    of!(d, $variant).level = Some(StudyLevel::Other)
                }),
                ("mode", |d| of!(d, $variant).mode = None),
                ("enrolmentMonth", |d| {
                    of!(d, $variant).enrolment_month = some("2027-13")
                }),
                ("enrolmentMonth", |d| {
                    of!(d, $variant).enrolment_month = some("九月")
                }),
            ]
        };
    }
    each_is_named(DestinationType::Postgraduate, cases!(Postgraduate));
    each_is_named(DestinationType::SecondBachelor, cases!(SecondBachelor));
    each_is_named(DestinationType::UpgradeToBachelor, cases!(UpgradeToBachelor));
    each_is_named(
        DestinationType::Postgraduate,
        &[
            ("level", |d| of!(d, Postgraduate).level = None),
            ("level", |d| {
                of!(d, Postgraduate).level = Some(StudyLevel::Bachelor)
            }),
        ],
    );
    each_is_named(
        DestinationType::UpgradeToBachelor,
        &[("level", |d| {
            of!(d, UpgradeToBachelor).level = Some(StudyLevel::Master)
        })],
    );
    each_may_be_left_out(
        DestinationType::SecondBachelor,
        &[
            |d| of!(d, SecondBachelor).level = None,
            |d| of!(d, SecondBachelor).enrolment_month = None,
        ],
    );
}

#[test]
fn study_abroad() {
    each_is_named(
        DestinationType::StudyAbroad,
        &[
            ("country", |d| of!(d, StudyAbroad).country = None),
            ("country", |d| of!(d, StudyAbroad).country = some("CN")),
            ("institutionZh", |d| of!(d, StudyAbroad).institution_zh = None),
            ("institutionZh", |d| {
                of!(d, StudyAbroad).institution_zh = Some("校".repeat(101))
            }),
            ("institutionLocal", |d| {
                of!(d, StudyAbroad).institution_local = None
            }),
            ("institutionLocal", |d| {
                of!(d, StudyAbroad).institution_local = Some("x".repeat(201))
            }),
            ("majorZh", |d| of!(d, StudyAbroad).major_zh = None),
            ("majorZh", |d| {
                of!(d, StudyAbroad).major_zh = Some("业".repeat(101))
            }),
            ("majorLocal", |d| of!(d, StudyAbroad).major_local = None),
            ("majorLocal", |d| {
                of!(d, StudyAbroad).major_local = Some("x".repeat(201))
            }),
            ("startOn", |d| of!(d, StudyAbroad).start_on = Some(on(1979, 9, 1))),
        ],
    );
    each_may_be_left_out(
        DestinationType::StudyAbroad,
        &[
            |d| of!(d, StudyAbroad).level = None,
            |d| of!(d, StudyAbroad).start_on = None,
            |d| of!(d, StudyAbroad).country = some("HK"),
        ],
    );
}

#[test]
fn intentions() {
    each_is_named(
        DestinationType::Seeking,
        &[
            ("wantedRegion", |d| of!(d, Seeking).wanted_region = some("000000")),
            ("wantedPosition", |d| {
                of!(d, Seeking).wanted_position = Some("职".repeat(51))
            }),
            ("wantedPay", |d| of!(d, Seeking).wanted_pay = Some(0)),
        ],
    );
    each_may_be_left_out(
        DestinationType::Seeking,
        &[|d| *of!(d, Seeking) = SeekingDraft::default()],
    );
    each_is_named(
        DestinationType::PreparingStudy,
        &[
            ("aim", |d| of!(d, PreparingStudy).aim = None),
            ("year", |d| of!(d, PreparingStudy).year = Some(2026)),
            ("year", |d| of!(d, PreparingStudy).year = Some(2033)),
            ("support", |d| {
                of!(d, PreparingStudy).support = Some("助".repeat(201))
            }),
        ],
    );
    each_may_be_left_out(
        DestinationType::PreparingStudy,
        &[
            |d| of!(d, PreparingStudy).year = None,
            |d| of!(d, PreparingStudy).support = None,
        ],
    );
    each_is_named(
        DestinationType::NotSeeking,
        &[("note", |d| of!(d, NotSeeking).note = Some("注".repeat(201)))],
    );
    each_may_be_left_out(DestinationType::NotSeeking, &[|d| of!(d, NotSeeking).note = None]);
}
