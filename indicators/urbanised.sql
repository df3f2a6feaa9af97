-- titre: Création et extension d'espaces urbanisés, d'après l'OCS GE
-- title: Creation and extension of urbanised space, by OCS GE
-- définition: mesure de la consommation d'ENAF par l'OCS GE : terrain qui n'était pas urbanisé et qui
--   l'est, et retour. Est urbanisé le terrain dont la couverture, l'usage et la place dans la zone
--   construite le sont dans la table reference/trajectory/urbanised.csv, qui est notre choix : la loi ne
--   la fixe pas. Elle ne s'ajoute ni ne se compare à celle des fichiers fonciers sans le dire : bâtiments
--   agricoles et carrières n'y sont pas, l'horloge est celle des prises de vues.
-- definition: consumption of ENAF measured by OCS GE: ground that was not urbanised and is, and back.
--   Ground is urbanised where its cover, use and place in the zone construite are in the table
--   reference/trajectory/urbanised.csv, which is our choice: the law does not set it. It is neither added
--   to that of the land files, nor compared with it without a word: farm buildings and quarries are not in
--   it, and its clock is that of the flights.
-- source: loi n° 2021-1104 du 22 août 2021, article 194, III, 5° ; la table est de Millésime
-- subject: OCS GE
-- unit: m², m² par an
-- columns: series, commune, name, departement, year_before, year_after, urbanised_m2, returned_m2,
--   net_m2, unknown_status_m2, urbanised_m2_per_year, years
WITH told AS (
  SELECT
    l.series, l.commune, l.departement, l.year_before, l.year_after, l.area_half_cm2 AS area,
    b.is_urbanised AS before, a.is_urbanised AS after
  FROM ledger AS l
  LEFT JOIN urbanised AS b ON b.cs = l.cs_before AND b.us = l.us_before AND b.zc = l.zc_before
  LEFT JOIN urbanised AS a ON a.cs = l.cs_after AND a.us = l.us_after AND a.zc = l.zc_after
),
sums AS (
  SELECT
    series, commune, departement, year_before, year_after,
    SUM(CASE WHEN before = false AND after = true THEN area ELSE 0 END) AS gained,
    SUM(CASE WHEN before = true AND after = false THEN area ELSE 0 END) AS lost,
    SUM(CASE WHEN before IS NULL OR after IS NULL THEN area ELSE 0 END) AS unknown
  FROM told
  GROUP BY series, commune, departement, year_before, year_after
)
SELECT
  p.series, p.commune, p.name, p.departement, p.year_before, p.year_after,
  COALESCE(s.gained, 0) AS urbanised_half_cm2,
  COALESCE(s.lost, 0) AS returned_half_cm2,
  COALESCE(s.gained, 0) - COALESCE(s.lost, 0) AS net_half_cm2,
  COALESCE(s.unknown, 0) AS unknown_status_half_cm2,
  CAST(COALESCE(s.gained, 0) AS DOUBLE) / 20000.0 / p.years AS urbanised_m2_per_year,
  p.years
FROM commune_periods AS p
LEFT JOIN sums AS s
  ON s.series = p.series AND s.commune = p.commune AND s.departement = p.departement
  AND s.year_before = p.year_before AND s.year_after = p.year_after
ORDER BY p.series, p.departement, p.commune, p.year_before, p.year_after
