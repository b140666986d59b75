"""Create the tables of records, claims, relations, outcomes, documents and lists."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Text compares bytewise on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "broader",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("ancestor", TEXT, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", "ancestor", name=op.f("pk_broader")),
    )
    with op.batch_alter_table("broader", schema=None) as batch_op:
        batch_op.create_index("ix_broader_ancestor", ["type", "ancestor", "slug"], unique=False)

    op.create_table(
        "claim",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject_type", TEXT, nullable=False),
        sa.Column("subject_slug", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("statement", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("qualifiers", TEXT, nullable=False),
        sa.Column("grade", TEXT, nullable=False),
        sa.Column("support", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("grade IN ('high', 'moderate', 'low', 'very_low')", name=op.f("ck_claim_grade_known")),
        sa.CheckConstraint("support IN ('quote', 'beyond_quote', 'editorial')", name=op.f("ck_claim_support_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_kind"), ["kind"], unique=False)
        batch_op.create_index("ix_claim_subject", ["subject_type", "subject_slug", "kind", "position"], unique=False)

    op.create_table(
        "condition",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sort_name", TEXT, nullable=False),
        sa.Column("stub", sa.Boolean(), nullable=False),
        sa.Column("summary", TEXT, nullable=True),
        sa.Column("updated_in", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_condition")),
        sa.UniqueConstraint("name", name=op.f("uq_condition_name")),
    )
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_condition_sort_name"), ["sort_name"], unique=False)

    op.create_table(
        "document",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", name=op.f("pk_document")),
    )
    op.create_table(
        "former_slug",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("former", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("type", "former", name=op.f("pk_former_slug")),
    )
    op.create_table(
        "guide_page",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("summary", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_guide_page")),
        sa.UniqueConstraint("title", name=op.f("uq_guide_page_title")),
    )
    op.create_table(
        "listing",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("record_type", TEXT, nullable=True),
        sa.Column("record_slug", TEXT, nullable=True),
        sa.Column("claim_id", TEXT, nullable=True),
        sa.Column("extra", sa.LargeBinary(), nullable=True),
        sa.Column("relief_days", sa.Float(), nullable=True),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("home", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("list", "place", name=op.f("pk_listing")),
    )
    op.create_table(
        "listing_facet",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("facet", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list", "facet", "value", "place", name=op.f("pk_listing_facet")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("listing_facet", schema=None) as batch_op:
        batch_op.create_index("ix_listing_facet_place", ["list", "place", "facet", "value"], unique=False)

    op.create_table(
        "listing_order",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("sort", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list", "sort", "position", name=op.f("pk_listing_order")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "name",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("folded", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", "kind", "text", name=op.f("pk_name")),
    )
    with op.batch_alter_table("name", schema=None) as batch_op:
        batch_op.create_index("ix_name_folded", ["type", "folded", "slug"], unique=False)

    op.create_table(
        "pain_generator",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sort_name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("summary", TEXT, nullable=True),
        sa.Column("updated_in", TEXT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('joint', 'disc', 'nerve', 'ganglion', 'plexus', 'muscle', 'bone', 'ligament', 'space')",
            name=op.f("ck_pain_generator_kind_known"),
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_pain_generator")),
        sa.UniqueConstraint("name", name=op.f("uq_pain_generator_name")),
    )
    with op.batch_alter_table("pain_generator", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pain_generator_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_pain_generator_sort_name"), ["sort_name"], unique=False)

    op.create_table(
        "procedure",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sort_name", TEXT, nullable=False),
        sa.Column("family", TEXT, nullable=False),
        sa.Column("implant", sa.Boolean(), nullable=False),
        sa.Column("summary", TEXT, nullable=True),
        sa.Column("updated_in", TEXT, nullable=False),
        sa.CheckConstraint(
            "family IN ('injection', 'nerve_block', 'ablation', 'neuromodulation', 'augmentation', 'decompression', 'drug_delivery', 'diagnostic_test')",
            name=op.f("ck_procedure_family_known"),
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_procedure")),
        sa.UniqueConstraint("name", name=op.f("uq_procedure_name")),
    )
    with op.batch_alter_table("procedure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_procedure_family"), ["family"], unique=False)
        batch_op.create_index(batch_op.f("ix_procedure_sort_name"), ["sort_name"], unique=False)

    op.create_table(
        "release",
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("date", TEXT, nullable=False),
        sa.Column("revision", TEXT, nullable=False),
        sa.Column("build", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("development", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("current", name=op.f("pk_release")),
    )
    op.create_table(
        "risk",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sort_name", TEXT, nullable=False),
        sa.Column("lay_name", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("updated_in", TEXT, nullable=False),
        sa.CheckConstraint(
            "category IN ('infection', 'bleeding', 'nerve', 'headache', 'drug_reaction', 'cardiovascular', 'respiratory', 'device', 'pain', 'structural', 'other')",
            name=op.f("ck_risk_category_known"),
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_risk")),
        sa.UniqueConstraint("name", name=op.f("uq_risk_name")),
    )
    with op.batch_alter_table("risk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_category"), ["category"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_sort_name"), ["sort_name"], unique=False)

    op.create_table(
        "source",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("sort_name", TEXT, nullable=False),
        sa.Column("publisher", TEXT, nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("url", TEXT, nullable=True),
        sa.Column("doi", TEXT, nullable=True),
        sa.Column("design", TEXT, nullable=False),
        sa.Column("commercial", sa.Boolean(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=True),
        sa.CheckConstraint(
            "design IN ('guideline', 'systematic_review', 'rct', 'cohort', 'review', 'coverage_policy', 'textbook', 'patient_education', 'code_system')",
            name=op.f("ck_source_design_known"),
        ),
        sa.CheckConstraint("status IN ('current', 'superseded', 'retracted')", name=op.f("ck_source_status_known")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_source")),
    )
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_design"), ["design"], unique=False)
        batch_op.create_index(batch_op.f("ix_source_sort_name"), ["sort_name"], unique=False)

    op.create_table(
        "tag",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", "kind", "value", name=op.f("pk_tag")),
    )
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.create_index("ix_tag_value", ["type", "kind", "value", "slug"], unique=False)

    op.create_table(
        "withdrawn",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("replaced_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", name=op.f("pk_withdrawn")),
    )
    op.create_table(
        "cause",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("condition", TEXT, nullable=False),
        sa.Column("effect", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_cause_claim_id_claim")),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_cause_condition_condition")),
        sa.ForeignKeyConstraint(["effect"], ["condition.slug"], name=op.f("fk_cause_effect_condition")),
        sa.PrimaryKeyConstraint("claim_id", "condition", "effect", name=op.f("pk_cause")),
    )
    with op.batch_alter_table("cause", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cause_effect"), ["effect"], unique=False)

    op.create_table(
        "citation",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_slug", TEXT, nullable=False),
        sa.Column("locator", TEXT, nullable=True),
        sa.Column("note", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_citation_claim_id_claim")),
        sa.ForeignKeyConstraint(["source_slug"], ["source.slug"], name=op.f("fk_citation_source_slug_source")),
        sa.PrimaryKeyConstraint("claim_id", "position", name=op.f("pk_citation")),
    )
    with op.batch_alter_table("citation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_citation_source_slug"), ["source_slug"], unique=False)

    op.create_table(
        "finding",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("subject_type", TEXT, nullable=False),
        sa.Column("subject_slug", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("at_days", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "direction IN ('favours', 'no_difference', 'against', 'unclear')", name=op.f("ck_finding_direction_known")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_finding_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_direction"), ["direction"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_subject_slug"), ["subject_slug"], unique=False)

    op.create_table(
        "indication",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("procedure", TEXT, nullable=False),
        sa.Column("condition", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('diagnoses', 'treats')", name=op.f("ck_indication_role_known")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_indication_claim_id_claim")),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_indication_condition_condition")),
        sa.ForeignKeyConstraint(["procedure"], ["procedure.slug"], name=op.f("fk_indication_procedure_procedure")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_indication")),
    )
    with op.batch_alter_table("indication", schema=None) as batch_op:
        batch_op.create_index("ix_indication_procedure", ["procedure", "condition"], unique=False)
        batch_op.create_index("uq_indication_edge", ["condition", "procedure", "role", "rank"], unique=True)

    op.create_table(
        "origin",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("condition", TEXT, nullable=False),
        sa.Column("pain_generator", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_origin_claim_id_claim")),
        sa.ForeignKeyConstraint(["condition"], ["condition.slug"], name=op.f("fk_origin_condition_condition")),
        sa.ForeignKeyConstraint(
            ["pain_generator"], ["pain_generator.slug"], name=op.f("fk_origin_pain_generator_pain_generator")
        ),
        sa.PrimaryKeyConstraint("claim_id", "condition", "pain_generator", name=op.f("pk_origin")),
    )
    with op.batch_alter_table("origin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_origin_pain_generator"), ["pain_generator"], unique=False)

    op.create_table(
        "procedure_relation",
        sa.Column("procedure", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("other", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["other"], ["procedure.slug"], name=op.f("fk_procedure_relation_other_procedure")),
        sa.ForeignKeyConstraint(
            ["procedure"], ["procedure.slug"], name=op.f("fk_procedure_relation_procedure_procedure")
        ),
        sa.PrimaryKeyConstraint("procedure", "type", "other", name=op.f("pk_procedure_relation")),
    )
    op.create_table(
        "procedure_risk",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("procedure", TEXT, nullable=False),
        sa.Column("risk", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("observed", sa.Integer(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("percent_min", sa.Float(), nullable=True),
        sa.Column("percent_max", sa.Float(), nullable=True),
        sa.Column("per", TEXT, nullable=True),
        sa.Column("timeframe", TEXT, nullable=True),
        sa.Column("band", TEXT, nullable=True),
        sa.CheckConstraint(
            "state IN ('known', 'none_seen', 'not_known', 'not_reported', 'not_looked_for')",
            name=op.f("ck_procedure_risk_state_known"),
        ),
        sa.CheckConstraint("observed >= 0 AND observed <= n", name=op.f("ck_procedure_risk_observed_of_n")),
        sa.CheckConstraint("percent_min <= percent_max", name=op.f("ck_procedure_risk_percent_ordered")),
        sa.CheckConstraint("percent_min >= 0 AND percent_max <= 100", name=op.f("ck_procedure_risk_percent_range")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_procedure_risk_claim_id_claim")),
        sa.ForeignKeyConstraint(["procedure"], ["procedure.slug"], name=op.f("fk_procedure_risk_procedure_procedure")),
        sa.ForeignKeyConstraint(["risk"], ["risk.slug"], name=op.f("fk_procedure_risk_risk_risk")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_procedure_risk")),
    )
    with op.batch_alter_table("procedure_risk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_procedure_risk_procedure"), ["procedure"], unique=False)
        batch_op.create_index(batch_op.f("ix_procedure_risk_risk"), ["risk"], unique=False)

    op.create_table(
        "recommendation",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("subject_type", TEXT, nullable=False),
        sa.Column("subject_slug", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("position", TEXT, nullable=False),
        sa.CheckConstraint(
            "position IN ('for', 'against', 'conditional', 'insufficient', 'no_position')",
            name=op.f("ck_recommendation_position_known"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_recommendation_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_recommendation")),
    )
    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recommendation_position"), ["position"], unique=False)
        batch_op.create_index(batch_op.f("ix_recommendation_subject_slug"), ["subject_slug"], unique=False)

    op.create_table(
        "relief_duration",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("procedure", TEXT, nullable=False),
        sa.Column("intent", TEXT, nullable=False),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("statistic", TEXT, nullable=False),
        sa.Column("min", TEXT, nullable=True),
        sa.Column("max", TEXT, nullable=True),
        sa.Column("min_days", sa.Float(), nullable=True),
        sa.Column("max_days", sa.Float(), nullable=True),
        sa.Column("magnitude", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("typical", sa.Boolean(), nullable=False),
        sa.Column("chosen_because", TEXT, nullable=True),
        sa.CheckConstraint("max_days > 0", name=op.f("ck_relief_duration_max_days_positive")),
        sa.CheckConstraint("min_days <= max_days", name=op.f("ck_relief_duration_days_ordered")),
        sa.CheckConstraint("min_days > 0", name=op.f("ck_relief_duration_min_days_positive")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_relief_duration_claim_id_claim")),
        sa.ForeignKeyConstraint(["procedure"], ["procedure.slug"], name=op.f("fk_relief_duration_procedure_procedure")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_relief_duration")),
    )
    with op.batch_alter_table("relief_duration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_relief_duration_procedure"), ["procedure"], unique=False)
        batch_op.create_index(
            "uq_relief_duration_typical",
            ["procedure", "intent"],
            unique=True,
            sqlite_where=sa.text("typical"),
            postgresql_where=sa.text("typical"),
        )

    op.create_table(
        "response_rate",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("procedure", TEXT, nullable=False),
        sa.Column("percent_min", sa.Float(), nullable=True),
        sa.Column("percent_max", sa.Float(), nullable=True),
        sa.Column("responders", sa.Integer(), nullable=True),
        sa.Column("n_at", sa.Integer(), nullable=True),
        sa.Column("at", TEXT, nullable=True),
        sa.Column("at_days", sa.Float(), nullable=True),
        sa.Column("comparator_percent", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "comparator_percent >= 0 AND comparator_percent <= 100", name=op.f("ck_response_rate_comparator_range")
        ),
        sa.CheckConstraint("percent_min <= percent_max", name=op.f("ck_response_rate_percent_ordered")),
        sa.CheckConstraint("percent_min >= 0 AND percent_max <= 100", name=op.f("ck_response_rate_percent_range")),
        sa.CheckConstraint("responders >= 0 AND responders <= n_at", name=op.f("ck_response_rate_responders_of_n")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_response_rate_claim_id_claim")),
        sa.ForeignKeyConstraint(["procedure"], ["procedure.slug"], name=op.f("fk_response_rate_procedure_procedure")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_response_rate")),
    )
    with op.batch_alter_table("response_rate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_rate_procedure"), ["procedure"], unique=False)

    op.create_table(
        "target",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("procedure", TEXT, nullable=False),
        sa.Column("pain_generator", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('diagnoses', 'treats')", name=op.f("ck_target_role_known")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_target_claim_id_claim")),
        sa.ForeignKeyConstraint(
            ["pain_generator"], ["pain_generator.slug"], name=op.f("fk_target_pain_generator_pain_generator")
        ),
        sa.ForeignKeyConstraint(["procedure"], ["procedure.slug"], name=op.f("fk_target_procedure_procedure")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_target")),
    )
    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.create_index("ix_target_procedure", ["procedure", "pain_generator"], unique=False)
        batch_op.create_index("uq_target_edge", ["pain_generator", "procedure", "role", "rank"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.drop_index("uq_target_edge")
        batch_op.drop_index("ix_target_procedure")

    op.drop_table("target")
    with op.batch_alter_table("response_rate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_response_rate_procedure"))

    op.drop_table("response_rate")
    with op.batch_alter_table("relief_duration", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_relief_duration_typical", sqlite_where=sa.text("typical"), postgresql_where=sa.text("typical")
        )
        batch_op.drop_index(batch_op.f("ix_relief_duration_procedure"))

    op.drop_table("relief_duration")
    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recommendation_subject_slug"))
        batch_op.drop_index(batch_op.f("ix_recommendation_position"))

    op.drop_table("recommendation")
    with op.batch_alter_table("procedure_risk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_procedure_risk_risk"))
        batch_op.drop_index(batch_op.f("ix_procedure_risk_procedure"))

    op.drop_table("procedure_risk")
    op.drop_table("procedure_relation")
    with op.batch_alter_table("origin", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_origin_pain_generator"))

    op.drop_table("origin")
    with op.batch_alter_table("indication", schema=None) as batch_op:
        batch_op.drop_index("uq_indication_edge")
        batch_op.drop_index("ix_indication_procedure")

    op.drop_table("indication")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_subject_slug"))
        batch_op.drop_index(batch_op.f("ix_finding_direction"))

    op.drop_table("finding")
    with op.batch_alter_table("citation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_citation_source_slug"))

    op.drop_table("citation")
    with op.batch_alter_table("cause", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cause_effect"))

    op.drop_table("cause")
    op.drop_table("withdrawn")
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.drop_index("ix_tag_value")

    op.drop_table("tag")
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_source_sort_name"))
        batch_op.drop_index(batch_op.f("ix_source_design"))

    op.drop_table("source")
    with op.batch_alter_table("risk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_risk_sort_name"))
        batch_op.drop_index(batch_op.f("ix_risk_category"))

    op.drop_table("risk")
    op.drop_table("release")
    with op.batch_alter_table("procedure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_procedure_sort_name"))
        batch_op.drop_index(batch_op.f("ix_procedure_family"))

    op.drop_table("procedure")
    with op.batch_alter_table("pain_generator", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pain_generator_sort_name"))
        batch_op.drop_index(batch_op.f("ix_pain_generator_kind"))

    op.drop_table("pain_generator")
    with op.batch_alter_table("name", schema=None) as batch_op:
        batch_op.drop_index("ix_name_folded")

    op.drop_table("name")
    op.drop_table("listing_order")
    with op.batch_alter_table("listing_facet", schema=None) as batch_op:
        batch_op.drop_index("ix_listing_facet_place")

    op.drop_table("listing_facet")
    op.drop_table("listing")
    op.drop_table("guide_page")
    op.drop_table("former_slug")
    op.drop_table("document")
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_condition_sort_name"))

    op.drop_table("condition")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_subject")
        batch_op.drop_index(batch_op.f("ix_claim_kind"))

    op.drop_table("claim")
    with op.batch_alter_table("broader", schema=None) as batch_op:
        batch_op.drop_index("ix_broader_ancestor")

    op.drop_table("broader")
