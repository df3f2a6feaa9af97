-- titre: Chaque territoire parmi ceux de son département
-- title: Every territory among those of its département
-- définition: rang de la part artificialisée (1 pour la plus forte, les ex æquo ayant le même) parmi les
--   territoires du même niveau, du même département et de la même année dont le taux est donné, part de
--   ceux qui en ont moins, et médiane.
-- definition: rank of the artificialised share (1 for the largest, equals having the same) among the
--   territories of the same level, département and year that have a rate, the share of those that have
--   less, and the median.
-- source: article R.101-1 du code de l'urbanisme ; le classement est de Millésime
-- subject: OCS GE
-- unit: part de 0 à 1, nombre
-- columns: series, commune, name, departement, year, artificial_share, rank, ranked, below_share,
--   median_share
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(CASE WHEN cs IS NOT NULL THEN area_half_cm2 ELSE 0 END) AS covered,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial
  FROM stock
  GROUP BY series, commune, departement, year
),
shares AS (
  SELECT
    s.series, s.commune, s.departement, s.year,
    CAST(s.artificial AS DOUBLE) / CAST(s.covered AS DOUBLE) AS share
  FROM sums AS s
  JOIN basis AS b
    ON b.series = s.series AND b.commune = s.commune AND b.departement = s.departement
    AND b.year = s.year
  WHERE b.basis = 'décret' AND s.covered > 0 AND s.commune <> '' AND s.departement <> ''
),
placed AS (
  SELECT
    series, commune, departement, year, share,
    ROW_NUMBER() OVER (PARTITION BY series, departement, year ORDER BY share DESC) AS place,
    COUNT(*) OVER (PARTITION BY series, departement, year) AS ranked,
    MEDIAN(share) OVER (PARTITION BY series, departement, year) AS median_share
  FROM shares
),
ranks AS (
  SELECT
    series, commune, departement, year, share, ranked, median_share,
    MIN(place) OVER (PARTITION BY series, departement, year, share) AS first_place,
    MAX(place) OVER (PARTITION BY series, departement, year, share) AS last_place
  FROM placed
)
SELECT
  r.series, r.commune, v.name, r.departement, r.year,
  r.share AS artificial_share,
  CAST(r.first_place AS BIGINT) AS rank,
  CAST(r.ranked AS BIGINT) AS ranked,
  CASE WHEN r.ranked > 1
    THEN CAST(CAST(r.ranked AS BIGINT) - CAST(r.last_place AS BIGINT) AS DOUBLE)
      / (CAST(r.ranked AS BIGINT) - 1) END AS below_share,
  r.median_share
FROM ranks AS r
JOIN commune_vintages AS v
  ON v.series = r.series AND v.commune = r.commune AND v.departement = r.departement
  AND v.year = r.year
ORDER BY r.series, r.departement, r.commune, r.year
