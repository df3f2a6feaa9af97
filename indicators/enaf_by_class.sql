-- titre: Consommation d'ENAF d'après les classes du territoire
-- title: Consumption of ENAF by the territory's own classes
-- définition: terrain qui était agricole, naturel ou forestier dans la nomenclature du territoire ([run] classes,
--   colonne enaf) et qui y devient urbanisé, et retour : un MOS local. Elle ne s'ajoute ni à celle des fichiers
--   fonciers ni à celle de l'OCS GE ; son horloge est celle des millésimes.
-- definition: ground that was agricultural, natural or forest in the territory's own nomenclature ([run] classes,
--   column enaf) and becomes urbanised in it, and back: a local MOS. It is added neither to that of the land
--   files nor to that of OCS GE; its clock is that of the vintages.
-- source: loi n° 2021-1104 du 22 août 2021, article 194, III, 5° ; les classes sont celles du territoire
-- subject: OCS GE
-- needs: class_kinds
-- unit: m², m² par an
-- columns: series, commune, name, departement, year_before, year_after, consumed_m2, from_agricultural_m2,
--   from_natural_m2, from_forest_m2, returned_m2, net_m2, consumed_m2_per_year, years
WITH told AS (
  SELECT
    l.series, l.commune, l.departement, l.year_before, l.year_after, l.area_half_cm2 AS area,
    b.kind_b AS before, a.kind_a AS after
  FROM ledger AS l
  JOIN (SELECT cs AS cs_b, us AS us_b, kind AS kind_b FROM class_kinds) AS b
    ON b.cs_b = l.cs_before AND b.us_b = l.us_before
  JOIN (SELECT cs AS cs_a, us AS us_a, kind AS kind_a FROM class_kinds) AS a
    ON a.cs_a = l.cs_after AND a.us_a = l.us_after
  WHERE l.cause = 'change'
),
sums AS (
  SELECT
    series, commune, departement, year_before, year_after,
    SUM(CASE WHEN before <> 'urbanise' AND after = 'urbanise' THEN area ELSE 0 END) AS consumed,
    SUM(CASE WHEN before = 'agricole' AND after = 'urbanise' THEN area ELSE 0 END) AS agricultural,
    SUM(CASE WHEN before = 'naturel' AND after = 'urbanise' THEN area ELSE 0 END) AS natural_ground,
    SUM(CASE WHEN before = 'forestier' AND after = 'urbanise' THEN area ELSE 0 END) AS forest,
    SUM(CASE WHEN before = 'urbanise' AND after <> 'urbanise' THEN area ELSE 0 END) AS returned
  FROM told
  GROUP BY series, commune, departement, year_before, year_after
)
SELECT
  p.series, p.commune, p.name, p.departement, p.year_before, p.year_after,
  COALESCE(s.consumed, 0) AS consumed_half_cm2,
  COALESCE(s.agricultural, 0) AS from_agricultural_half_cm2,
  COALESCE(s.natural_ground, 0) AS from_natural_half_cm2,
  COALESCE(s.forest, 0) AS from_forest_half_cm2,
  COALESCE(s.returned, 0) AS returned_half_cm2,
  COALESCE(s.consumed, 0) - COALESCE(s.returned, 0) AS net_half_cm2,
  CAST(COALESCE(s.consumed, 0) AS DOUBLE) / 20000.0 / p.years AS consumed_m2_per_year,
  p.years
FROM commune_periods AS p
LEFT JOIN sums AS s
  ON s.series = p.series AND s.commune = p.commune AND s.departement = p.departement
  AND s.year_before = p.year_before AND s.year_after = p.year_after
ORDER BY p.series, p.departement, p.commune, p.year_before, p.year_after
