-- title: Stock of artificialised and impermeable ground, by commune
-- definition: ground whose final status is artificialised (matrix, thresholds, forcing), and ground
--   of impermeable cover, at the date of each vintage. A share is of the covered ground; it is
--   empty where less than `coverage_minimum` of the commune is covered, and the decree's share also
--   where the use of more than `unknown_use_maximum` of the covered ground is unknown (basis
--   "couverture seule"), and of layers of changes alone (basis "changements seuls").
-- source: article R.101-1 of the code de l'urbanisme, décret n° 2023-1096 of 27 November 2023
-- unit: m² (computed in half square centimetres), shares of 0 to 1
-- columns: series, commune, name, departement, year, area, covered, artificial, artificial_share,
--   impermeable, impermeable_share, unknown_status, unknown_use, basis
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS area_half_cm2,
    SUM(CASE WHEN cs IS NOT NULL THEN area_half_cm2 ELSE 0 END) AS covered_half_cm2,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial_half_cm2,
    SUM(CASE WHEN impermeable = true THEN area_half_cm2 ELSE 0 END) AS impermeable_half_cm2,
    SUM(CASE WHEN cs IS NOT NULL AND final IS NULL THEN area_half_cm2 ELSE 0 END)
      AS unknown_status_half_cm2,
    SUM(CASE WHEN cs IS NOT NULL AND use_known = false THEN area_half_cm2 ELSE 0 END)
      AS unknown_use_half_cm2
  FROM stock
  GROUP BY series, commune, departement, year
),
judged AS (
  SELECT
    v.series, v.commune, v.name, v.departement, v.year,
    COALESCE(s.area_half_cm2, 0) AS area_half_cm2,
    COALESCE(s.covered_half_cm2, 0) AS covered_half_cm2,
    COALESCE(s.artificial_half_cm2, 0) AS artificial_half_cm2,
    COALESCE(s.impermeable_half_cm2, 0) AS impermeable_half_cm2,
    COALESCE(s.unknown_status_half_cm2, 0) AS unknown_status_half_cm2,
    COALESCE(s.unknown_use_half_cm2, 0) AS unknown_use_half_cm2,
    CASE
      WHEN v.is_state = false THEN 'changements seuls'
      WHEN s.covered_half_cm2 IS NULL OR s.covered_half_cm2 = 0
        OR s.covered_half_cm2 < p.coverage_minimum * s.area_half_cm2
        THEN 'couverture insuffisante'
      WHEN s.unknown_use_half_cm2 > p.unknown_use_maximum * s.covered_half_cm2
        THEN 'couverture seule'
      ELSE 'décret'
    END AS basis
  FROM commune_vintages AS v
  CROSS JOIN parameters AS p
  LEFT JOIN sums AS s
    ON s.series = v.series AND s.commune = v.commune AND s.departement = v.departement
    AND s.year = v.year
)
SELECT
  series, commune, name, departement, year,
  area_half_cm2, covered_half_cm2, artificial_half_cm2,
  CASE WHEN basis = 'décret'
    THEN CAST(artificial_half_cm2 AS DOUBLE) / CAST(covered_half_cm2 AS DOUBLE) END
    AS artificial_share,
  impermeable_half_cm2,
  CASE WHEN basis <> 'couverture insuffisante' AND basis <> 'changements seuls'
    THEN CAST(impermeable_half_cm2 AS DOUBLE) / CAST(covered_half_cm2 AS DOUBLE) END
    AS impermeable_share,
  unknown_status_half_cm2, unknown_use_half_cm2, basis
FROM judged
ORDER BY series, departement, commune, year
