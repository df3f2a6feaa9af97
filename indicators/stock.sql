-- titre: Stock de sols artificialisés et de sols imperméables
-- title: Stock of artificialised and impermeable ground
-- définition: terrain dont le statut final est artificialisé (matrice, seuils, forçage), et
--   terrain de couverture imperméable, à la date de chaque millésime. Une part est celle du
--   terrain couvert ; elle est vide quand la base (table basis) ne la permet pas : le taux du
--   décret demande « décret », le taux imperméable « décret » ou « couverture seule ».
-- definition: ground whose final status is artificialised (matrix, thresholds, forcing), and
--   ground of impermeable cover, at the date of each vintage. A share is of the covered ground;
--   it is empty where the basis (basis.csv) does not allow it: the decree's share needs
--   "décret", the impermeable one "décret" or "couverture seule".
-- source: article R.101-1 of the code de l'urbanisme, décret n° 2023-1096 of 27 November 2023
-- subject: OCS GE
-- unit: m², part de 0 à 1
-- columns: series, commune, name, departement, year, area_m2, covered_m2, artificial_m2,
--   artificial_share, impermeable_m2, impermeable_share, unknown_status_m2, unknown_use_m2,
--   basis
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial,
    SUM(CASE WHEN impermeable = true THEN area_half_cm2 ELSE 0 END) AS impermeable,
    SUM(CASE WHEN cs IS NOT NULL AND final IS NULL THEN area_half_cm2 ELSE 0 END) AS unknown_status
  FROM stock
  GROUP BY series, commune, departement, year
),
joined AS (
  SELECT
    v.series, v.commune, v.name, v.departement, v.year, b.basis,
    b.area_half_cm2, b.covered_half_cm2, b.unknown_use_half_cm2,
    COALESCE(s.artificial, 0) AS artificial_half_cm2,
    COALESCE(s.impermeable, 0) AS impermeable_half_cm2,
    COALESCE(s.unknown_status, 0) AS unknown_status_half_cm2
  FROM commune_vintages AS v
  JOIN basis AS b
    ON b.series = v.series AND b.commune = v.commune AND b.departement = v.departement
    AND b.year = v.year
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
  CASE WHEN basis = 'décret' OR basis = 'couverture seule'
    THEN CAST(impermeable_half_cm2 AS DOUBLE) / CAST(covered_half_cm2 AS DOUBLE) END
    AS impermeable_share,
  unknown_status_half_cm2, unknown_use_half_cm2, basis
FROM joined
ORDER BY series, departement, commune, year
