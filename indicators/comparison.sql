-- titre: Chaque territoire parmi ceux de son département, de sa région, du pays
-- title: Every territory among those of its département, its région, the country
-- définition: rang de la part artificialisée (1 pour la plus forte, les ex æquo ayant le même) parmi les
--   territoires du même niveau et de la même année qui sont connus ici et dont le taux est donné, part de
--   ceux qui en ont moins, et médiane : dans le département ; dans la région, où l'on connaît ici plusieurs
--   de ses départements ; dans le pays (france), où l'on connaît ici plusieurs régions.
-- definition: rank of the artificialised share (1 for the largest, equals having the same) among the
--   territories of the same level and year that are known here and have a rate, the share of those that have
--   less, and the median: in the département; in the région, where several of its départements are known
--   here; in the country (france), where several régions are known here.
-- source: article R.101-1 du code de l'urbanisme ; le classement est de Millésime
-- subject: OCS GE
-- unit: part de 0 à 1, nombre
-- columns: series, commune, name, departement, year, artificial_share, among, rank, ranked, below_share,
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
    s.series, s.commune, s.departement, s.year, d.region,
    CAST(s.artificial AS DOUBLE) / CAST(s.covered AS DOUBLE) AS share
  FROM sums AS s
  JOIN basis AS b
    ON b.series = s.series AND b.commune = s.commune AND b.departement = s.departement
    AND b.year = s.year
  LEFT JOIN departements AS d ON d.departement = s.departement
  WHERE b.basis = 'décret' AND s.covered > 0 AND s.commune <> '' AND s.departement <> ''
),
regions AS (
  SELECT series, year, region, COUNT(DISTINCT departement) AS known
  FROM shares
  WHERE region IS NOT NULL
  GROUP BY series, year, region
),
countries AS (
  SELECT series, year, COUNT(DISTINCT region) AS known FROM shares GROUP BY series, year
),
pools AS (
  SELECT series, commune, departement, year, share, 'departement' AS among, departement AS pool
  FROM shares
  UNION ALL
  SELECT s.series, s.commune, s.departement, s.year, s.share, 'region' AS among, s.region AS pool
  FROM shares AS s
  JOIN regions AS r ON r.series = s.series AND r.year = s.year AND r.region = s.region
  WHERE r.known > 1
  UNION ALL
  SELECT s.series, s.commune, s.departement, s.year, s.share, 'france' AS among, 'france' AS pool
  FROM shares AS s
  JOIN countries AS c ON c.series = s.series AND c.year = s.year
  WHERE c.known > 1
),
placed AS (
  SELECT
    series, commune, departement, year, share, among, pool,
    ROW_NUMBER() OVER (PARTITION BY series, among, pool, year ORDER BY share DESC) AS place,
    COUNT(*) OVER (PARTITION BY series, among, pool, year) AS ranked,
    MEDIAN(share) OVER (PARTITION BY series, among, pool, year) AS median_share
  FROM pools
),
ranks AS (
  SELECT
    series, commune, departement, year, share, among, ranked, median_share,
    MIN(place) OVER (PARTITION BY series, among, pool, year, share) AS first_place,
    MAX(place) OVER (PARTITION BY series, among, pool, year, share) AS last_place
  FROM placed
)
SELECT
  r.series, r.commune, v.name, r.departement, r.year,
  r.share AS artificial_share,
  r.among,
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
ORDER BY r.series, r.departement, r.commune, r.year, r.among
