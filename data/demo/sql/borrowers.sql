-- A row when the first loan is seen, and a new one when the annual report of the year before is due in June.
WITH loans AS (
    SELECT b, min(first_seen) AS first_seen, sum(principal) AS principal, min(approval_day) AS first_approval,
        max(CASE WHEN cured_day IS NULL THEN due_day END) AS due_day,
        row_number() OVER (ORDER BY sum(principal) FILTER (NOT is_past) DESC NULLS LAST, b) AS place
    FROM loan_plan
    GROUP BY b
), version AS (
    SELECT b, first_seen AS row_valid_from FROM loans
    UNION
    SELECT l.b, m.day
    FROM loans l JOIN borrower_plan p ON p.b = l.b AND p.borrower_type <> 'P'
    JOIN month_end m ON month(m.day) = 6 AND m.day > l.first_seen
), dated AS (
    SELECT b, row_valid_from,
        lead(row_valid_from) OVER (PARTITION BY b ORDER BY row_valid_from) AS row_valid_to FROM version
), known AS (
    SELECT v.row_valid_from, v.row_valid_to, p.*, l.principal, l.first_approval, l.due_day, k.since,
        p.borrower_type = 'P' AS is_person,
        p.borrower_type = 'E' AND slot('group', p.h) < 120 AS is_grouped, l.place,
        (l.principal * pick('assets', p.h, 250, 900) // 100 + 200000) * p.now_pct // 100 AS assets,
        CASE WHEN p.borrower_type = 'E' AND has('over_indebted', p.h) THEN pick('heavy debt', p.h, 78, 96)
            ELSE pick('debt', p.h, 15, 68) END AS debt_pct
    FROM dated v
    JOIN loans l ON l.b = v.b
    JOIN (
        SELECT b.*, d.row_valid_from AS seen_on,
            CASE WHEN has('assets_dropped', b.h) AND d.row_valid_from > d.first_valid_from
                AND d.row_valid_to IS NULL THEN 60 ELSE 100 END
                AS now_pct
        FROM borrower_plan b
        JOIN (SELECT *, min(row_valid_from) OVER (PARTITION BY b) AS first_valid_from FROM dated) d ON d.b = b.b
    ) p ON p.b = v.b AND p.seen_on = v.row_valid_from
    JOIN borrower_since k ON k.b = v.b
    WHERE NOT has('missing_borrower', p.h)
)
SELECT borrower_no(b) AS borrower_id, borrower_name(h, b, borrower_type) AS name, borrower_type, t.id_type,
    CASE WHEN is_person THEN '99**************' || digits(b % 100, 2) ELSE '99************' || digits(b % 10000, 4) END
        AS id_no,
    CASE WHEN is_person THEN DATE '1957-01-01' + pick('born', h, 0, 15000)
        ELSE since - pick('founded', h, 400, 5000) END AS founded_date,
    CASE WHEN has('outside_area', h) THEN '990209' ELSE region_code END AS region_code, industry_code,
    CASE WHEN borrower_type = 'E' THEN ['微型', '小型', '小型', '中型'][pick('size', h, 1, 4)] END AS size,
    CASE WHEN place <= 2 THEN 'JT99999' WHEN is_grouped THEN 'JT' || digits(b // 56, 5) END AS group_id,
    CASE WHEN is_grouped THEN person_name(parts(md5_number_lower('group/' || b // 56)), 1)
        WHEN borrower_type = 'E' THEN person_name(h, 1) END AS controller,
    CASE WHEN slot('rating', h) < 150 THEN 'AAA' WHEN slot('rating', h) < 450 THEN 'AA'
        WHEN slot('rating', h) < 960 THEN 'A' WHEN slot('rating', h) < 990 THEN 'BBB' ELSE 'BB' END AS rating,
    CASE WHEN NOT has('account_missing', h) THEN '6299' || digits(b, 12) END AS account_no,
    CASE WHEN NOT has('account_missing', h) THEN t.account_types END AS account_type,
    CASE WHEN has('account_missing', h) THEN NULL
        WHEN has('account_late', h) THEN first_approval + pick('opened late', h, 3, 20)
        ELSE since END AS account_opened,
    CASE WHEN is_person THEN NULL
        WHEN has('licence_expired', h) THEN getvariable('last_day') - pick('expired', h, 10, 300)
        ELSE getvariable('last_day') + pick('valid', h, 100, 6000) END AS licence_valid_to,
    CASE WHEN NOT is_person THEN year(row_valid_from) - CASE WHEN month(row_valid_from) >= 6 THEN 1 ELSE 2 END
        - CASE WHEN has('annual_report_missing', h) THEN 2 ELSE 0 END END AS annual_report_year,
    CASE WHEN is_person THEN NULL
        WHEN has('permit_expired', h) THEN getvariable('last_day') - pick('expired', h, 10, 300)
        ELSE getvariable('last_day') + pick('permitted', h, 100, 1500) END AS permit_valid_to,
    '3499' || digits(b, 12) AS loan_card_no,
    assets AS total_assets, assets * debt_pct // 100 AS total_liab,
    CASE WHEN NOT is_person THEN assets * 55 // 100 END AS curr_assets,
    CASE WHEN NOT is_person THEN assets * 20 // 100 END AS inventory,
    CASE WHEN NOT is_person THEN assets * debt_pct // 140 END AS curr_liab,
    CASE WHEN borrower_type <> 'E' THEN 0
        WHEN has('guarantees_given_high', h) THEN assets * pick('surety', h, 100, 150) // 100
        WHEN slot('gives guarantees', h) < 150 AND debt_pct < 70 THEN assets * pick('surety', h, 5, 25) // 100
        ELSE 0 END AS guarantees_given,
    CASE WHEN has('no_income', h) THEN 0
        ELSE (principal * pick('income', h, 60, 300) // 100 + 30000) * now_pct // 100 END AS annual_income,
    CASE WHEN borrower_type = 'E' AND NOT has('employees_missing', h) THEN pick('employees', h, 5, 300) END AS employees,
    borrower_type = 'E' AND slot('joint venture', h) < 60 AS is_joint_venture,
    has('bad_record', h) AS hist_bad_flag,
    CASE WHEN slot('repayment plan', h) < 600 AND due_day < row_valid_from THEN least(due_day + 15, row_valid_from) END
        AS repayment_plan_date,
    has('related_party', h) AS related_party,
    CASE WHEN NOT has('customer_class_missing', h) THEN ['重点', '一般', '一般'][pick('class', h, 1, 3)] END
        AS customer_class,
    row_valid_from, row_valid_to
FROM known JOIN borrower_type t USING (borrower_type)
