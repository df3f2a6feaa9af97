-- titre: Chaque territoire parmi ses voisins
-- title: Every territory among its neighbours
-- définition: rang de la part artificialisée (1 pour la plus forte) parmi le territoire et ceux du même
--   niveau qui le touchent par une limite, dont le taux de la même année est donné, et médiane de ces
--   voisins.
-- definition: rank of the artificialised share (1 for the largest) among the territory and those of the
--   same level that touch it along a boundary and have a rate of the same year, and the median of these
--   neighbours.
-- source: article R.101-1 du code de l'urbanisme ; le classement est de Millésime
-- subject: OCS GE
-- needs: neighbours
-- unit: part de 0 à 1, nombre
-- columns: series, commune, name, departement, year, artificial_share, neighbours, rank, median_share
WITH shares AS (
  SELECT series, commune, departement, year, artificial_share AS share
  FROM comparison
  WHERE among = 'departement'
),
others AS (
  SELECT series, commune AS other, year AS other_year, share AS other_share FROM shares
),
pairs AS (
  SELECT s.series, s.commune, s.departement, s.year, s.share, o.other_share
  FROM shares AS s
  JOIN neighbours AS n ON n.commune = s.commune
  JOIN others AS o
    ON o.series = s.series AND o.other = n.neighbour AND o.other_year = s.year
),
ranks AS (
  SELECT
    series, commune, departement, year, share,
    COUNT(*) AS neighbours,
    SUM(CASE WHEN other_share > share THEN 1 ELSE 0 END) + 1 AS rank,
    MEDIAN(other_share) AS median_share
  FROM pairs
  GROUP BY series, commune, departement, year, share
)
SELECT
  r.series, r.commune, v.name, r.departement, r.year,
  r.share AS artificial_share,
  CAST(r.neighbours AS BIGINT) AS neighbours,
  CAST(r.rank AS BIGINT) AS rank,
  r.median_share
FROM ranks AS r
JOIN commune_vintages AS v
  ON v.series = r.series AND v.commune = r.commune AND v.departement = r.departement
  AND v.year = r.year
ORDER BY r.series, r.departement, r.commune, r.year
