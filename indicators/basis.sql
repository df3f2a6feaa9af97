-- titre: Ce sur quoi reposent les chiffres d'un territoire, à chaque date
-- title: What the figures of a commune rest on, at each date
-- définition: « décret » quand le territoire est couvert (part minimale `coverage_minimum`) et
--   que ses usages sont connus (sauf `unknown_use_maximum`) : le statut est celui du décret. «
--   couverture seule » quand les usages ne sont pas connus : aucun taux au sens du décret. «
--   couverture insuffisante » quand moins est couvert : aucun taux. « changements seuls » quand
--   seule une couche de changements est connue : ni stock ni seuil n'ont de sens.
-- definition: "décret" where the commune is covered (at least `coverage_minimum` of it) and its
--   uses are known (all but `unknown_use_maximum` of the covered ground): the status is the
--   decree's. "couverture seule" where uses are not known: the status is that of cover alone,
--   and no decree rate is given. "couverture insuffisante" where less is covered: no rate is
--   given. "changements seuls" where only a layer of changes is known, and neither stock nor
--   threshold means anything.
-- source: article R.101-1 of the code de l'urbanisme; the limits are ours (reference/)
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year, area_m2, covered_m2, unknown_use_m2, basis
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS area_half_cm2,
    SUM(CASE WHEN cs IS NOT NULL THEN area_half_cm2 ELSE 0 END) AS covered_half_cm2,
    SUM(CASE WHEN cs IS NOT NULL AND use_known = false THEN area_half_cm2 ELSE 0 END)
      AS unknown_use_half_cm2
  FROM stock
  GROUP BY series, commune, departement, year
)
SELECT
  v.series, v.commune, v.departement, v.year,
  COALESCE(s.area_half_cm2, 0) AS area_half_cm2,
  COALESCE(s.covered_half_cm2, 0) AS covered_half_cm2,
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
ORDER BY v.series, v.departement, v.commune, v.year
