-- titre: Couvert arboré en zone construite
-- title: Tree cover within the zone construite
-- définition: terrain de la zone construite de chaque millésime, et ce qui en est de couverture arborée
--   (CS2.1.1 et au-dessous). Sans zone construite, le territoire n'a pas de ligne. Là où un modèle a vu le
--   millésime sur ses images : le terrain qu'il en a vu, et ce qui en est sous les arbres, chaque face
--   comptant pour la probabilité moyenne de ses pixels (celles vues à moitié au moins) ; arbres isolés et haies des jardins, plus petits
--   que les objets de l'OCS GE, y sont.
-- definition: ground of each vintage's zone construite, and what of it is of tree cover (CS2.1.1 and
--   below). Without a zone construite the territory has no row. Where a model saw the vintage on its
--   images: the ground of it that it saw, and what of that is under trees, each face by the mean
--   probability of its pixels (those seen by half at least); trees alone and hedges in gardens, smaller than objects of OCS GE, are in it.
-- source: nomenclature OCS GE du CNIG ; la mesure est de Millésime
-- subject: OCS GE
-- unit: m², part de 0 à 1
-- columns: series, commune, name, departement, year, zone_m2, trees_m2, trees_share, seen_m2,
--   trees_seen_m2, trees_seen_share
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS zone,
    SUM(CASE WHEN cs LIKE 'CS2.1.1%' THEN area_half_cm2 ELSE 0 END) AS trees
  FROM stock
  WHERE zc = true
  GROUP BY series, commune, departement, year
),
seen AS (
  SELECT
    commune, departement, year,
    SUM(area_half_cm2) AS zone,
    SUM(CASE WHEN is_tree THEN area_half_cm2 ELSE 0 END) AS trees
  FROM canopy
  GROUP BY commune, departement, year
)
SELECT
  v.series, v.commune, v.name, v.departement, v.year,
  s.zone AS zone_half_cm2,
  s.trees AS trees_half_cm2,
  CAST(s.trees AS DOUBLE) / NULLIF(s.zone, 0) AS trees_share,
  p.zone AS seen_half_cm2,
  p.trees AS trees_seen_half_cm2,
  CAST(p.trees AS DOUBLE) / NULLIF(p.zone, 0) AS trees_seen_share
FROM commune_vintages AS v
JOIN sums AS s
  ON s.series = v.series AND s.commune = v.commune AND s.departement = v.departement
  AND s.year = v.year
LEFT JOIN seen AS p
  ON p.commune = v.commune AND p.departement = v.departement AND p.year = v.year
ORDER BY v.series, v.departement, v.commune, v.year
